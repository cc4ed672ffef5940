//! Frames of a fixed form: PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE (RFC 9113 sections 6.3 to 6.9)
//! and PRIORITY_UPDATE (RFC 9218 section 7.1).

use super::receive::Judged;
use super::{Connection, DRAIN_PING, Drain, GoAwayReceived};
use crate::event::Tell;
use crate::flow::MAX_WINDOW;
use crate::frame::{FrameHead, flag, kind};
use crate::reply::Reply;
use crate::settings::ENTRY;
use crate::stream::{Incoming, State};
use crate::{By, Error, ErrorCode, Priority, Role};

/// WINDOW_UPDATE by less than this is counted.
const TINY: u32 = 16;

impl Connection {
    /// `at` is where in the whole input the payload begins.
    pub(super) fn control_frame(
        &mut self,
        head: FrameHead,
        payload: &[u8],
        at: usize,
    ) -> Result<Option<Tell>, Error> {
        match head.kind {
            kind::PRIORITY => self.priority(head.id, payload),
            kind::RST_STREAM => self.rst_stream(head.id, number(payload)),
            kind::SETTINGS if head.has(flag::ACK) => self.settings_ack(),
            kind::SETTINGS => self.settings(payload),
            kind::PING => self.ping_frame(head.has(flag::ACK), payload),
            kind::GOAWAY => self.goaway(payload, at),
            kind::WINDOW_UPDATE => self.window_update(head.id, number(payload) & MAX_WINDOW),
            _ => self.priority_update(payload),
        }
    }

    /// The priorities of RFC 7540 are ignored (RFC 9113 section 5.3.2), but their frames have a form.
    fn priority(&mut self, id: u32, payload: &[u8]) -> Result<Option<Tell>, Error> {
        self.charge_control(1)?;
        // Section 6.3: "A PRIORITY frame with a length other than 5 octets MUST be treated as a stream error of type
        // FRAME_SIZE_ERROR." A stream that depends on itself was one of type PROTOCOL_ERROR (RFC 7540 section
        // 5.3.1). An idle stream cannot be reset.
        let idle = self.state_of(id) == State::Idle;
        match payload.len() {
            5 if number(payload) & MAX_WINDOW != id => Ok(None),
            5 if idle => Err(Error::Priority),
            5 => self.stream_fault(id, ErrorCode::PROTOCOL_ERROR),
            _ if idle => Err(Error::FrameLength),
            _ => self.stream_fault(id, ErrorCode::FRAME_SIZE_ERROR),
        }
    }

    fn rst_stream(&mut self, id: u32, code: u32) -> Result<Option<Tell>, Error> {
        match self.judge(id, Incoming::Reset)? {
            Judged::Accept => {}
            Judged::Discard | Judged::Reset(_) => {
                self.charge_control(1)?;
                return Ok(None);
            }
        }
        // Rapid reset: what the client asks for and gives up costs it nothing.
        if !self.is_own(id) && !self.resets.take(1) {
            return Err(Error::ResetFlood);
        }
        if let Some(place) = self.streams.find(crate::StreamId(id)) {
            self.remove(place);
        }
        self.closed.reset(id, true);
        Ok(Some(Tell::Reset { id, code: ErrorCode(code), by: By::Peer }))
    }

    fn settings(&mut self, payload: &[u8]) -> Result<Option<Tell>, Error> {
        self.charge_control(1 + (payload.len() / ENTRY) as u32)?;
        let before = self.peer;
        self.peer.apply(payload, self.role, !self.settled)?;
        self.settled = true;
        self.peer_window_changed(before.initial_window_size)?;
        // The encoder keeps to the table size once it is acknowledged, so that no block that relies on it comes before.
        self.replies.push(Reply::SettingsAck { table: self.peer.header_table_size });
        Ok(Some(Tell::Settings))
    }

    /// Lets another initial window of the peer take effect, which was `window` before.
    pub(super) fn peer_window_changed(&mut self, window: u32) -> Result<(), Error> {
        // Section 6.9.2: "a receiver MUST adjust the size of all stream flow-control windows that it maintains by the
        // difference between the new value and the old value."
        let difference = i64::from(self.peer.initial_window_size) - i64::from(window);
        if difference != 0 {
            for place in 0..self.streams.places() {
                if let Some(stream) = self.streams.get_mut(place) {
                    // "An endpoint MUST treat a change to SETTINGS_INITIAL_WINDOW_SIZE that causes any flow-control
                    // window to exceed the maximum size as a connection error of type FLOW_CONTROL_ERROR."
                    stream.send.shift(difference).map_err(|_| Error::SettingWindow)?;
                    self.schedule.update(&mut self.streams, place);
                }
            }
        }
        Ok(())
    }

    fn settings_ack(&mut self) -> Result<Option<Tell>, Error> {
        // A peer that acknowledges blindly, before ours have gone out, means the same.
        if self.acknowledged {
            return Err(Error::SettingsAck);
        }
        self.acknowledged = true;
        let limits = self.config.limits;
        self.decoder.set_limit(limits.header_table);
        let difference = i64::from(limits.stream_window) - i64::from(self.stream_window);
        self.stream_window = limits.stream_window;
        for (_, stream) in self.streams.iter_mut() {
            stream.receive.shift(difference);
        }
        Ok(None)
    }

    fn ping_frame(&mut self, ack: bool, payload: &[u8]) -> Result<Option<Tell>, Error> {
        self.charge_control(1)?;
        let mut echo = [0; 8];
        echo.copy_from_slice(payload.get(..8).unwrap_or(&DRAIN_PING));
        if !ack {
            self.replies.push(Reply::Pong(echo));
            return Ok(None);
        }
        if echo == DRAIN_PING {
            if matches!(self.drain, Drain::Announced(_)) {
                self.go_away(ErrorCode::NO_ERROR);
            }
            return Ok(None);
        }
        Ok(Some(Tell::Pong { payload: echo }))
    }

    fn goaway(&mut self, payload: &[u8], at: usize) -> Result<Option<Tell>, Error> {
        self.charge_control(1)?;
        let last = number(payload) & MAX_WINDOW;
        let code = ErrorCode(number(payload.get(4..).unwrap_or_default()));
        // Section 6.8: "Endpoints MUST NOT increase the value they send in the last stream identifier".
        if self.go_away.is_some_and(|before| last > before.last) {
            return Err(Error::GoAway);
        }
        self.go_away = Some(GoAwayReceived { last, sweep: 0, swept: false });
        let debug = payload.get(8..).unwrap_or_default();
        Ok(Some(Tell::GoAway { last, code, start: at + 8, len: debug.len() }))
    }

    fn window_update(&mut self, id: u32, increment: u32) -> Result<Option<Tell>, Error> {
        if increment < TINY {
            self.charge_tiny()?;
        }
        if id == 0 {
            // Section 6.9: an increment of 0 "MUST be treated as a connection error", and section 6.9.1 says the same
            // of an overflow.
            return match increment {
                0 => Err(Error::WindowIncrement),
                _ => self.send.increase(increment).map(|()| None).map_err(|_| Error::WindowOverflow),
            };
        }
        match self.judge(id, Incoming::WindowUpdate)? {
            Judged::Accept => {}
            Judged::Discard => {
                self.charge_control(1)?;
                return Ok(None);
            }
            Judged::Reset(code) => return self.stream_fault(id, code),
        }
        if increment == 0 {
            return self.stream_fault(id, ErrorCode::PROTOCOL_ERROR);
        }
        let Some((place, stream)) = self.streams.by_id(id) else { return Ok(None) };
        if stream.send.increase(increment).is_err() {
            return self.stream_fault(id, ErrorCode::FLOW_CONTROL_ERROR);
        }
        self.schedule.update(&mut self.streams, place);
        Ok(None)
    }

    fn priority_update(&mut self, payload: &[u8]) -> Result<Option<Tell>, Error> {
        self.charge_control(1)?;
        let id = number(payload) & MAX_WINDOW;
        // RFC 9218 section 7.1: "Servers MUST NOT send PRIORITY_UPDATE frames. If a client receives a PRIORITY_UPDATE
        // frame, it MUST respond with a connection error of type PROTOCOL_ERROR"; so must a server "if the Prioritized
        // Stream ID is 0x0", or that of a push that was not promised.
        if self.role == Role::Client || id == 0 || self.is_own(id) {
            return Err(Error::Priority);
        }
        let priority = Priority::parse(payload.get(4..).unwrap_or_default());
        if self.state_of(id) == State::Idle {
            let known = self.early.iter().position(|&early| early == id);
            let slot = known.unwrap_or_else(|| {
                self.next_early = self.next_early.wrapping_add(1);
                usize::from(self.next_early) % self.early.len()
            });
            (self.early[slot], self.early_priorities[slot]) = (id, priority);
        } else {
            self.set_priority(id, priority);
        }
        Ok(None)
    }

    pub(super) fn set_priority(&mut self, id: u32, priority: Priority) {
        if let Some((place, _)) = self.streams.by_id(id) {
            self.schedule.unlink(&mut self.streams, place);
            if let Some(stream) = self.streams.get_mut(place) {
                stream.priority = priority;
            }
            self.schedule.update(&mut self.streams, place);
        }
    }

    /// The priority that came before the stream, which it replaces the header field of.
    pub(super) fn early_priority(&mut self, id: u32) -> Option<Priority> {
        let mut early = self.early.iter_mut().zip(&self.early_priorities);
        let (early, priority) = early.find(|(early, _)| **early == id)?;
        *early = 0;
        Some(*priority)
    }
}

/// The first four octets as a number.
fn number(payload: &[u8]) -> u32 {
    payload.first_chunk().map_or(0, |octets| u32::from_be_bytes(*octets))
}
