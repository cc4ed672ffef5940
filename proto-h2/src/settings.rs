//! SETTINGS (RFC 9113 section 6.5).

use crate::{Config, Error, Role};

const HEADER_TABLE_SIZE: u16 = 0x1;
const ENABLE_PUSH: u16 = 0x2;
const MAX_CONCURRENT_STREAMS: u16 = 0x3;
const INITIAL_WINDOW_SIZE: u16 = 0x4;
const MAX_FRAME_SIZE: u16 = 0x5;
const MAX_HEADER_LIST_SIZE: u16 = 0x6;
/// RFC 8441 section 3.
const ENABLE_CONNECT_PROTOCOL: u16 = 0x8;
/// RFC 9218 section 2.1.
const NO_RFC7540_PRIORITIES: u16 = 0x9;

/// Octets of one setting.
pub(crate) const ENTRY: usize = 6;

/// What the peer has set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeerSettings {
    /// Octets of compression table it offers. Initially 4096.
    pub header_table_size: u32,
    /// Whether it accepts pushes. Initially yes.
    pub enable_push: bool,
    /// Streams this end may have open at a time. Initially without limit (`u32::MAX`).
    pub max_concurrent_streams: u32,
    /// The credit of a new stream. Initially 65,535.
    pub initial_window_size: u32,
    /// The largest payload of a frame it accepts. Initially 16,384.
    pub max_frame_size: u32,
    /// The largest list of fields it wants. Initially without limit (`u32::MAX`).
    pub max_header_list_size: u32,
    /// Whether it accepts extended CONNECT (RFC 8441). Initially not.
    pub enable_connect_protocol: bool,
    /// Whether it ignores the priorities of RFC 7540. Initially not.
    pub no_rfc7540_priorities: bool,
}

impl PeerSettings {
    pub(crate) const INITIAL: Self = Self {
        header_table_size: 4096,
        enable_push: true,
        max_concurrent_streams: u32::MAX,
        initial_window_size: 65_535,
        max_frame_size: 16_384,
        max_header_list_size: u32::MAX,
        enable_connect_protocol: false,
        no_rfc7540_priorities: false,
    };

    /// Applies the entries of `payload`, whose length is a multiple of [`ENTRY`], in order. `role` is this end's.
    pub(crate) fn apply(&mut self, payload: &[u8], role: Role, first: bool) -> Result<(), Error> {
        let (entries, _) = payload.as_chunks::<ENTRY>();
        for &[a, b, value @ ..] in entries {
            self.set(u16::from_be_bytes([a, b]), u32::from_be_bytes(value), role, first)?;
        }
        Ok(())
    }

    fn set(&mut self, setting: u16, value: u32, role: Role, first: bool) -> Result<(), Error> {
        let flag = |value| match value {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Error::Setting),
        };
        match setting {
            HEADER_TABLE_SIZE => self.header_table_size = value,
            ENABLE_PUSH => {
                self.enable_push = flag(value)?;
                // Section 6.5.2: "A client MUST treat receipt of a SETTINGS frame with SETTINGS_ENABLE_PUSH set to 1
                // as a connection error of type PROTOCOL_ERROR."
                if self.enable_push && role == Role::Client {
                    return Err(Error::Setting);
                }
            }
            MAX_CONCURRENT_STREAMS => self.max_concurrent_streams = value,
            // "Values above the maximum flow-control window size of 2^31-1 MUST be treated as a connection error of
            // type FLOW_CONTROL_ERROR."
            INITIAL_WINDOW_SIZE if value > i32::MAX as u32 => return Err(Error::SettingWindow),
            INITIAL_WINDOW_SIZE => self.initial_window_size = value,
            MAX_FRAME_SIZE if !(16_384..=16_777_215).contains(&value) => return Err(Error::Setting),
            MAX_FRAME_SIZE => self.max_frame_size = value,
            MAX_HEADER_LIST_SIZE => self.max_header_list_size = value,
            ENABLE_CONNECT_PROTOCOL => {
                let enable = flag(value)?;
                // RFC 8441 section 3: "A sender MUST NOT send a SETTINGS_ENABLE_CONNECT_PROTOCOL parameter with the
                // value of 0 after previously sending a value of 1."
                if self.enable_connect_protocol && !enable {
                    return Err(Error::Setting);
                }
                self.enable_connect_protocol = enable;
            }
            NO_RFC7540_PRIORITIES => {
                let no = flag(value)?;
                // RFC 9218 section 2.1: "Receivers that detect a change MUST treat it as a connection error of type
                // PROTOCOL_ERROR."
                if !first && no != self.no_rfc7540_priorities {
                    return Err(Error::Setting);
                }
                self.no_rfc7540_priorities = no;
            }
            // Section 6.5.2: "An endpoint that receives a SETTINGS frame with any unknown or unsupported identifier
            // MUST ignore that setting."
            _ => {}
        }
        Ok(())
    }
}

/// The payload of our own SETTINGS: everything that differs from the protocol's initial values.
pub(crate) struct LocalSettings {
    bytes: [u8; 8 * ENTRY],
    len: usize,
}

impl LocalSettings {
    pub(crate) fn new(config: &Config, role: Role) -> Self {
        let mut settings = Self { bytes: [0; 8 * ENTRY], len: 0 };
        let limits = &config.limits;
        if limits.header_table != 4096 {
            settings.push(HEADER_TABLE_SIZE, limits.header_table.min(256 * 1024));
        }
        match role {
            Role::Client if !config.accept_push => settings.push(ENABLE_PUSH, 0),
            Role::Client => {}
            Role::Server => settings.push(MAX_CONCURRENT_STREAMS, limits.concurrent_streams),
        }
        if role == Role::Client && config.accept_push {
            settings.push(MAX_CONCURRENT_STREAMS, limits.concurrent_streams);
        }
        if limits.stream_window != 65_535 {
            settings.push(INITIAL_WINDOW_SIZE, limits.stream_window);
        }
        if limits.frame_size != 16_384 {
            settings.push(MAX_FRAME_SIZE, limits.frame_size);
        }
        settings.push(MAX_HEADER_LIST_SIZE, limits.header_list);
        if role == Role::Server && config.extended_connect {
            settings.push(ENABLE_CONNECT_PROTOCOL, 1);
        }
        // The scheduler goes by RFC 9218; the priorities of RFC 7540 are ignored.
        settings.push(NO_RFC7540_PRIORITIES, 1);
        settings
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn push(&mut self, setting: u16, value: u32) {
        let [a, b] = setting.to_be_bytes();
        let [w, x, y, z] = value.to_be_bytes();
        if let Some(room) = self.bytes.get_mut(self.len..).and_then(|rest| rest.first_chunk_mut()) {
            *room = [a, b, w, x, y, z];
            self.len += ENTRY;
        }
    }
}
