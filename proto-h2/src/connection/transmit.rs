//! What the protocol itself says.

use core::time::Duration;

use proto_core::{Full, SendError, WriteBuf};

use super::Connection;
use crate::flow::MAX_WINDOW;
use crate::frame::{FrameHead, HEAD_LEN, PREFACE, kind, write};
use crate::hpack::Field;
use crate::reply::Reply;
use crate::settings::LocalSettings;
use crate::{ErrorCode, Role};

impl Connection {
    /// See [`Codec::transmit`](proto_core::Codec::transmit).
    pub fn transmit(&mut self, out: &mut WriteBuf<'_>) {
        if out.all_or_nothing(|out| self.write_preface(out)).is_err() {
            return;
        }
        self.preface_is_sent();
        while let Some(reply) = self.replies.first() {
            if out.all_or_nothing(|out| self.write_reply(reply, out)).is_err() {
                return;
            }
            self.replies.pop();
        }
        if self.streams_due {
            self.transmit_streams(out);
        }
    }

    fn write_reply(&mut self, reply: Reply, out: &mut WriteBuf<'_>) -> Result<(), SendError> {
        match reply {
            Reply::SettingsAck { table } => {
                write::settings_ack(out)?;
                self.encoder.set_limit(table);
            }
            Reply::Pong(payload) => write::ping(out, true, payload)?,
            Reply::Ping(payload) => write::ping(out, false, payload)?,
            Reply::Reset { id, code } => write::rst_stream(out, id, code)?,
            Reply::Window { id, increment } => write::window_update(out, id, increment)?,
            Reply::GoAway { last, code } => write::go_away(out, last, code)?,
            Reply::TooLarge { id, reset } => {
                if out.room() < 64 {
                    return Err(SendError::Full);
                }
                let fields = [Field::new(b":status", b"431"), Field::new(b"content-length", b"0")];
                self.write_block(id, true, fields.into_iter(), out)?;
                if reset {
                    write::rst_stream(out, id, ErrorCode::NO_ERROR)?;
                }
            }
        }
        Ok(())
    }

    /// Resets and credit that found no room among the replies.
    fn transmit_streams(&mut self, out: &mut WriteBuf<'_>) {
        let target = self.stream_window;
        for place in 0..self.streams.places() {
            // Room for either frame: a window counts its update as sent.
            if out.room() < HEAD_LEN + 4 {
                return;
            }
            let Some(stream) = self.streams.get_mut(place) else { continue };
            let id = stream.id;
            if let Some(code) = stream.reset_due {
                let _ = write::rst_stream(out, id, code);
                self.remove(place);
                self.closed.reset(id, false);
            } else if stream.state.may_receive()
                && let Some(increment) = stream.receive.update(target)
            {
                let _ = write::window_update(out, id, increment);
            }
        }
        self.streams_due = false;
    }

    /// Octets of what begins the connection, as long as it is not sent.
    pub(super) fn preface_len(&self) -> usize {
        if self.preface_sent {
            return 0;
        }
        let magic = if self.role == Role::Client { PREFACE.len() } else { 0 };
        let window = if self.window_growth() > 0 { HEAD_LEN + 4 } else { 0 };
        magic + HEAD_LEN + LocalSettings::new(&self.config, self.role).as_slice().len() + window
    }

    /// Writes what begins the connection (RFC 9113 section 3.4), unless that is done; follow with
    /// [`preface_is_sent`](Self::preface_is_sent).
    pub(super) fn write_preface(&self, out: &mut WriteBuf<'_>) -> Result<(), Full> {
        if self.preface_sent {
            return Ok(());
        }
        if self.role == Role::Client {
            out.put(PREFACE)?;
        }
        let settings = LocalSettings::new(&self.config, self.role);
        let len = settings.as_slice().len() as u32;
        out.put(&FrameHead { len, kind: kind::SETTINGS, flags: 0, id: 0 }.to_bytes())?;
        out.put(settings.as_slice())?;
        match self.window_growth() {
            0 => Ok(()),
            increment => write::window_update(out, 0, increment),
        }
    }

    pub(super) fn preface_is_sent(&mut self) {
        if !self.preface_sent {
            self.preface_sent = true;
            let timeout = Duration::from_millis(self.config.limits.settings_timeout_ms.into());
            self.settings_due = self.now + timeout;
            self.receive.shift(self.window_growth().into());
        }
    }

    /// By how much the connection's window is larger than the protocol's 65,535.
    fn window_growth(&self) -> u32 {
        self.config.limits.connection_window.clamp(65_535, MAX_WINDOW) - 65_535
    }
}
