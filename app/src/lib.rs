//! The sans-IO application layer of sanswire.
#![forbid(unsafe_code)]

mod service;

pub use service::{
    Action, Address, Closed, ConnectionId, FileError, FileId, FileMeta, Group, LinkInfo, Service, Target,
    TlsFault, TlsInfo, TlsTarget, Wake,
};
