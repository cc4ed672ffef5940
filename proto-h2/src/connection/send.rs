//! What the application sends: heads, data, trailers, resets, and whose turn it is.

use proto_core::{Prefix, SendError, WriteBuf};

use super::{Connection, Drain};
use crate::frame::{FrameHead, HEAD_LEN, flag, kind};
use crate::hpack::{Encoder, Field, note};
use crate::message;
use crate::reply::Reply;
use crate::store::RequestKind;
use crate::stream::{Cause, State};
use crate::{ErrorCode, Priority, Role, StreamId};

/// Streams opened before the peer's settings have come.
const UNSETTLED_STREAMS: u32 = 100;

/// A turn to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// The stream.
    pub id: StreamId,
    /// Octets of data that the peer accepts now: credit of stream and connection, and the size of one frame.
    pub max: u32,
}

impl Connection {
    /// Client: opens a stream with a request. `end` says that no content follows.
    ///
    /// # Errors
    /// - `Full`: the room must hold the whole field block.
    /// - `Blocked`: as many streams are open as the peer or the limits allow.
    /// - `Misuse`: this is no client, the connection is ending or its identifiers are used up, or the fields are not
    ///   a request of HTTP/2.
    pub fn open<'f, F>(&mut self, fields: F, end: bool, out: &mut WriteBuf<'_>) -> Result<StreamId, SendError>
    where
        F: IntoIterator<Item = Field<'f>, IntoIter: Clone>,
    {
        let fields = fields.into_iter();
        if !self.may_open() {
            return Err(SendError::Misuse);
        }
        let request = message::request(fields.clone().map(note), self.peer.enable_connect_protocol);
        let request = request.map_err(|_| SendError::Misuse)?;
        if end && request.content_length.is_some_and(|length| length > 0) {
            return Err(SendError::Misuse);
        }
        if self.open_capacity() == 0 {
            return Err(SendError::Blocked);
        }
        let id = self.next_own;
        self.write_block(id, end, fields, out)?;

        let mut stream = self.new_stream(id, if end { State::HalfClosedLocal } else { State::Open });
        stream.head_sent = true;
        stream.request = request.kind;
        stream.priority = request.priority.unwrap_or_default();
        self.next_own += 2;
        self.streams.insert(stream).map(|_| StreamId(id)).ok_or(SendError::Misuse)
    }

    /// Whether this end may open streams at all.
    fn may_open(&self) -> bool {
        let ending = self.fault.is_some() || self.eof || self.go_away.is_some() || self.drain != Drain::No;
        self.role == Role::Client && !ending && self.next_own <= i32::MAX as u32
    }

    /// Client: how many streams may be opened now. 0 also when the connection is ending.
    pub fn open_capacity(&self) -> u32 {
        if !self.may_open() {
            return 0;
        }
        // Section 5.1.2: "Endpoints MUST NOT exceed the limit set by their peer."
        // Before it is known, the least that section 6.5.2 recommends is assumed: more would be refused.
        let own = (self.streams.len() as u32).saturating_sub(self.peer_streams);
        let limit = if self.settled { self.peer.max_concurrent_streams } else { UNSETTLED_STREAMS };
        limit.min(self.config.limits.own_streams).saturating_sub(own)
    }

    /// Server: sends an informational or the final response. After the head, either side: sends trailers, with
    /// `end`.
    ///
    /// # Errors
    /// - `Full`: the room must hold the whole field block.
    /// - `Misuse`: there is no such stream or its side is ended, or the fields are not what HTTP/2 allows here.
    pub fn send_head<'f, F>(
        &mut self,
        id: StreamId,
        fields: F,
        end: bool,
        out: &mut WriteBuf<'_>,
    ) -> Result<(), SendError>
    where
        F: IntoIterator<Item = Field<'f>, IntoIter: Clone>,
    {
        let fields = fields.into_iter();
        let stream = self.stream(id.0).filter(|stream| stream.state.may_send() && self.fault.is_none());
        let stream = stream.ok_or(SendError::Misuse)?;
        let status = if stream.head_sent {
            message::trailers(fields.clone().map(note)).map_err(|_| SendError::Misuse)?;
            // A tunnel has no trailers (section 8.5).
            if !end || stream.request == RequestKind::Connect {
                return Err(SendError::Misuse);
            }
            None
        } else {
            let response = message::response(fields.clone().map(note)).map_err(|_| SendError::Misuse)?;
            if response.status < 200 && end {
                return Err(SendError::Misuse);
            }
            Some(response.status).filter(|&status| status >= 200)
        };
        self.write_block(id.0, end, fields, out)?;
        if let (Some(status), Some((place, stream))) = (status, self.streams.by_id(id.0)) {
            stream.head_sent = true;
            stream.refuse_tunnel(status);
            // A tunnel has no content but what it carries.
            stream.no_content = stream.request != RequestKind::Connect && matches!(status, 204 | 304);
            self.schedule.update(&mut self.streams, place);
        }
        if end {
            self.end_local(id.0);
        }
        Ok(())
    }

    /// Sends as much of `data` as room, credit and frame size allow, in one frame, and says how much that was. When
    /// it was all of it, `end` ends the stream; without data that needs no credit.
    ///
    /// # Errors
    /// - `Full`: there is not even room for a frame with one octet.
    /// - `Blocked`: the peer has given no credit.
    /// - `Misuse`: there is no such stream, its head was not sent, its side is ended, or its response has no content
    ///   (HEAD, 204, 304).
    pub fn send_data(
        &mut self,
        id: StreamId,
        data: &[u8],
        end: bool,
        out: &mut WriteBuf<'_>,
    ) -> Result<usize, SendError> {
        let room = out.room().checked_sub(HEAD_LEN).ok_or(SendError::Full)?;
        if room == 0 && !data.is_empty() {
            return Err(SendError::Full);
        }
        let (prefix, len) = self.frame_data(id, data.len(), room, end)?;
        out.put(&prefix)?;
        out.put(data.get(..len).unwrap_or_default())?;
        Ok(len)
    }

    /// Like [`send_data`](Self::send_data), but gives the frame header only: exactly the octets counted must follow
    /// it on the wire, before anything else.
    ///
    /// # Errors
    /// As `send_data`, except for `Full`.
    pub fn data_prefix(
        &mut self,
        id: StreamId,
        len: usize,
        end: bool,
    ) -> Result<(Prefix<9>, usize), SendError> {
        self.frame_data(id, len, usize::MAX, end)
    }

    fn frame_data(
        &mut self,
        id: StreamId,
        len: usize,
        room: usize,
        end: bool,
    ) -> Result<(Prefix<9>, usize), SendError> {
        if self.fault.is_some() || !self.preface_sent {
            return Err(if self.fault.is_some() { SendError::Misuse } else { SendError::Blocked });
        }
        let connection = self.send.available();
        let max_frame = self.peer.max_frame_size;
        let Some((place, stream)) = self.streams.by_id(id.0) else { return Err(SendError::Misuse) };
        if !stream.head_sent || !stream.state.may_send() || stream.reset_due.is_some() {
            return Err(SendError::Misuse);
        }
        // RFC 9110 section 6.4.1: a response to HEAD, and one with status 204 or 304, has no content.
        let server = self.role == Role::Server;
        if len > 0 && (stream.no_content || (server && stream.request == RequestKind::Head)) {
            return Err(SendError::Misuse);
        }
        let capacity = stream.send.available().min(connection).min(max_frame);
        let taken = (capacity as usize).min(len).min(room);
        if taken == 0 && (len > 0 || !end) {
            return Err(if len == 0 { SendError::Misuse } else { SendError::Blocked });
        }
        stream.send.take(taken as u32);
        self.send.take(taken as u32);
        let ends = end && taken == len;
        let flags = if ends { flag::END_STREAM } else { 0 };
        let head = FrameHead { len: taken as u32, kind: kind::DATA, flags, id: id.0 };
        let mut prefix = Prefix::EMPTY;
        prefix.extend(&head.to_bytes());
        if ends {
            self.end_local(id.0);
        } else {
            self.schedule.update(&mut self.streams, place);
        }
        Ok((prefix, taken))
    }

    /// Ends a stream before its time: both directions, and the application is told nothing more about it. Use
    /// `NO_ERROR` after a complete response to a request of which no more is wanted, `CANCEL` to give up. `false`
    /// when there is no such stream.
    pub fn reset(&mut self, id: StreamId, code: ErrorCode) -> bool {
        let Some(place) = self.streams.find(id).filter(|_| self.stream(id.0).is_some()) else { return false };
        self.schedule.unlink(&mut self.streams, place);
        if self.replies.push_asked(Reply::Reset { id: id.0, code }) {
            self.remove(place);
            self.closed.reset(id.0, false);
        } else if let Some(stream) = self.streams.get_mut(place) {
            stream.reset_due = Some(code);
            stream.wants = false;
            self.streams_due = true;
        }
        true
    }

    /// Asks for a turn to send data; it comes from [`next_writable`](Self::next_writable) when the peer has given
    /// credit. One turn for each time it was asked for. `false` when there is no such stream.
    pub fn want_send(&mut self, id: StreamId) -> bool {
        let Some((place, stream)) = self.streams.by_id(id.0) else { return false };
        if stream.reset_due.is_some() || !stream.state.may_send() {
            return false;
        }
        stream.wants = true;
        self.schedule.update(&mut self.streams, place);
        true
    }

    /// The next stream whose turn it is to send, by urgency and fairly (RFC 9218 section 10): among those that
    /// [want](Self::want_send) to and have credit. `None` while there is none or the connection has no credit.
    pub fn next_writable(&mut self) -> Option<Grant> {
        if self.send.available() == 0 || self.fault.is_some() || !self.preface_sent {
            return None;
        }
        let place = self.schedule.next(&mut self.streams)?;
        let stream = self.streams.get(place)?;
        let max = stream.send.available().min(self.send.available()).min(self.peer.max_frame_size);
        Some(Grant { id: StreamId(stream.id), max })
    }

    /// Whether [`next_writable`](Self::next_writable) would name a stream.
    pub fn has_writable(&self) -> bool {
        self.send.available() > 0 && self.fault.is_none() && self.preface_sent && !self.schedule.is_empty()
    }

    /// Sets the priority with which this end's data on the stream is sent.
    pub fn prioritize(&mut self, id: StreamId, priority: Priority) {
        self.set_priority(id.0, Priority { urgency: priority.urgency.min(7), ..priority });
    }

    /// Client: tells the server another priority of a stream it opened (RFC 9218 section 7.1).
    ///
    /// # Errors
    /// - `Full`: no room.
    /// - `Misuse`: this is no client, or there is no such stream.
    pub fn send_priority(
        &mut self,
        id: StreamId,
        priority: Priority,
        out: &mut WriteBuf<'_>,
    ) -> Result<(), SendError> {
        if self.role != Role::Client || self.stream(id.0).is_none() || self.fault.is_some() {
            return Err(SendError::Misuse);
        }
        let value = [b'u', b'=', b'0' + priority.urgency.min(7), b',', b'i'];
        let value = if priority.incremental { &value[..] } else { &value[..3] };
        out.all_or_nothing(|out| {
            self.write_preface(out)?;
            let len = 4 + value.len() as u32;
            out.put(&FrameHead { len, kind: kind::PRIORITY_UPDATE, flags: 0, id: 0 }.to_bytes())?;
            out.put(&id.0.to_be_bytes())?;
            out.put(value).map_err(SendError::from)
        })?;
        self.preface_is_sent();
        Ok(())
    }

    /// This end has ended its side of a stream.
    fn end_local(&mut self, id: u32) {
        let Some((place, stream)) = self.streams.by_id(id) else { return };
        stream.state = stream.state.end_local();
        stream.wants = false;
        if stream.state == State::Closed(Cause::Ended) {
            self.remove(place);
        } else {
            self.schedule.update(&mut self.streams, place);
        }
    }

    /// Writes a field block as HEADERS and as many CONTINUATION as it takes; all or nothing.
    pub(super) fn write_block<'f>(
        &mut self,
        id: u32,
        end: bool,
        fields: impl Iterator<Item = Field<'f>> + Clone,
        out: &mut WriteBuf<'_>,
    ) -> Result<(), SendError> {
        let max = self.peer.max_frame_size as usize;
        let bound = Encoder::bound(fields.clone());
        let frames = bound / max + 1;
        let preface = self.preface_len();
        if out.room() < preface + frames * HEAD_LEN + bound {
            return Err(SendError::Full);
        }
        self.write_preface(out)?;
        self.preface_is_sent();
        let mark = out.mark();
        out.put(&[0; HEAD_LEN])?;
        let start = out.len();
        self.encoder.encode(fields, out)?;
        let len = out.len() - start;
        let continuations = len.saturating_sub(1) / max;
        for _ in 0..continuations {
            out.put(&[0; HEAD_LEN])?;
        }
        let frame = out.written_since(mark);
        // From the last to the first, so that nothing is overwritten that is still to be moved.
        for nth in (0..=continuations).rev() {
            let from = HEAD_LEN + nth * max;
            let size = (len - nth * max).min(max);
            let to = nth * (HEAD_LEN + max);
            frame.copy_within(from..from + size, to + HEAD_LEN);
            let last = if nth == continuations { flag::END_HEADERS } else { 0 };
            let first = if nth == 0 && end { flag::END_STREAM } else { 0 };
            let kind = if nth == 0 { kind::HEADERS } else { kind::CONTINUATION };
            let head = FrameHead { len: size as u32, kind, flags: first | last, id };
            if let Some(room) = frame.get_mut(to..to + HEAD_LEN) {
                room.copy_from_slice(&head.to_bytes());
            }
        }
        Ok(())
    }
}
