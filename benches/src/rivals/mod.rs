//! Other implementations, each used the way its own documentation recommends for speed.

#[cfg(feature = "rivals")]
pub mod fastwebsockets;
#[cfg(feature = "rivals")]
pub mod h2;
#[cfg(feature = "rivals")]
pub mod httparse;
#[cfg(any(feature = "rivals", feature = "rivals-debian"))]
pub mod json;
#[cfg(feature = "rivals")]
pub mod miniz;
#[cfg(feature = "rivals-nghttp2")]
pub mod nghttp2;
#[cfg(feature = "rivals-nghttp2")]
pub mod nghttp2_session;
#[cfg(feature = "rivals-c")]
pub mod picohttpparser;
#[cfg(feature = "rivals")]
mod transport;
#[cfg(feature = "rivals")]
pub mod tungstenite;
#[cfg(feature = "rivals")]
pub mod yawc;
#[cfg(feature = "rivals-c")]
pub mod zlib_ng;
