//! Other implementations, each used the way its own documentation recommends for speed.

#[cfg(feature = "rivals")]
pub mod actson;
#[cfg(feature = "rivals")]
pub mod fastwebsockets;
#[cfg(feature = "rivals")]
pub mod httparse;
#[cfg(feature = "rivals")]
pub mod jiter;
#[cfg(feature = "rivals")]
pub mod json_event_parser;
#[cfg(c_lejp)]
pub mod lejp_c;
#[cfg(feature = "rivals-c")]
pub mod picohttpparser;
#[cfg(feature = "rivals")]
mod pieces;
#[cfg(feature = "rivals")]
pub mod serde_visitors;
#[cfg(feature = "rivals")]
pub mod struson;
#[cfg(feature = "rivals")]
mod transport;
#[cfg(feature = "rivals")]
pub mod tungstenite;
#[cfg(c_yajl)]
pub mod yajl;
#[cfg(feature = "rivals")]
pub mod yawc;
