//! Field blocks: HEADERS and PUSH_PROMISE with their CONTINUATION (RFC 9113 sections 6.2, 6.6 and 6.10), and what
//! they make of streams.

use super::receive::{Fault, Frame, Judged};
use super::{Connection, Drain};
use crate::event::{HeadersKind, List, Tell};
use crate::flow::{MAX_WINDOW, ReceiveWindow, SendWindow};
use crate::frame::{FrameHead, HEAD_LEN, flag, kind};
use crate::hpack::{self, Fields, crumbs};
use crate::message::{self, Malformed};
use crate::reply::Reply;
use crate::store::{RequestKind, Stream};
use crate::stream::{Incoming, State};
use crate::{Error, ErrorCode, Role, StreamId, StreamLimit};

/// Where the parts of a complete field block lie in the payload of its first frame and behind it.
struct Block {
    /// The fragment in the first frame.
    start: usize,
    end: usize,
    /// The first frame's payload.
    first_len: usize,
    /// All frames, from the first one's payload on.
    len: usize,
    /// CONTINUATION frames.
    continuations: u8,
    /// The fields before the fragment: a dependency, or a promised stream.
    prefix: Option<u32>,
}

/// A decoded list, or which limit it exceeds.
enum Decoded {
    List(List),
    TooLarge(StreamLimit),
}

/// The fault of a list that is not a request's own.
const fn too_large(limit: StreamLimit) -> Fault {
    Fault::limit(limit, ErrorCode::ENHANCE_YOUR_CALM)
}

impl Connection {
    pub(super) fn block_frame(
        &mut self,
        head: FrameHead,
        payload: &[u8],
        scratch: &mut [u8],
    ) -> Result<Frame, Error> {
        if head.id == 0 {
            return Err(Error::StreamZero);
        }
        let push = head.kind == kind::PUSH_PROMISE;
        if push && (self.role == Role::Server || (self.acknowledged && !self.config.accept_push)) {
            // Section 8.4: "A server MUST treat the receipt of a PUSH_PROMISE frame as a connection error of type
            // PROTOCOL_ERROR", and so must a client that has pushes disabled, once that is acknowledged.
            return Err(Error::Push);
        }
        let frame = if push { Incoming::PushPromise } else { Incoming::Headers };
        let judged = self.judge(head.id, frame)?;
        let Some(block) = self.collect(head, payload)? else { return Ok(Frame::Incomplete) };

        let (scratch, decoded) = self.decode(payload, &block, scratch)?;
        let tell = if push {
            self.promise(head.id, block.prefix.unwrap_or(0) & MAX_WINDOW, judged, decoded, scratch)?
        } else {
            let selfish = block.prefix.is_some_and(|dependency| dependency & MAX_WINDOW == head.id);
            self.headers(head.id, head.has(flag::END_STREAM), selfish, judged, decoded, scratch)?
        };
        Ok(Frame::Taken(block.len, tell))
    }

    /// Finds the frames of a field block; `None` when they have not all come. Counts octets and frames as their
    /// headers come, before anything is decoded.
    fn collect(&self, head: FrameHead, payload: &[u8]) -> Result<Option<Block>, Error> {
        let limits = &self.config.limits;
        let padded = head.has(flag::PADDED);
        let prefix = if head.kind == kind::PUSH_PROMISE {
            4
        } else if head.has(flag::PRIORITY) {
            5
        } else {
            0
        };
        let start = usize::from(padded) + prefix;
        if (head.len as usize) < start {
            return Err(Error::FrameLength);
        }
        let padding = match (padded, payload.first()) {
            (false, _) => 0,
            (true, None) => return Ok(None),
            (true, Some(&padding)) => usize::from(padding),
        };
        // Section 6.2: "Padding that exceeds the size remaining for the field block fragment MUST be treated as a
        // PROTOCOL_ERROR."
        let end =
            (head.len as usize).checked_sub(padding).filter(|&end| end >= start).ok_or(Error::Padding)?;
        let mut octets = end - start;
        if octets > limits.header_block as usize {
            return Err(Error::HeaderBlock);
        }
        let (mut len, mut continuations, mut last) = (head.len as usize, 0, head.has(flag::END_HEADERS));
        while !last {
            let Some(next) = payload.get(len..).and_then(FrameHead::read) else { return Ok(None) };
            // Section 6.10: "A CONTINUATION frame MUST be preceded by a HEADERS, PUSH_PROMISE, or CONTINUATION frame
            // without the END_HEADERS flag set", on the same stream and with nothing between.
            if next.kind != kind::CONTINUATION || next.id != head.id {
                return Err(Error::Continuation);
            }
            if next.len > limits.frame_size {
                return Err(Error::FrameTooLarge);
            }
            if continuations == limits.continuations {
                return Err(Error::ContinuationFlood);
            }
            continuations += 1;
            octets += next.len as usize;
            if octets > limits.header_block as usize {
                return Err(Error::HeaderBlock);
            }
            len += HEAD_LEN + next.len as usize;
            last = next.has(flag::END_HEADERS);
        }
        let at = usize::from(padded);
        let prefix = payload.get(at..).filter(|_| prefix > 0).and_then(|rest| rest.first_chunk());
        let prefix = prefix.map(|octets| u32::from_be_bytes(*octets));
        let complete = payload.len() >= len;
        Ok(complete.then_some(Block { start, end, first_len: head.len as usize, len, continuations, prefix }))
    }

    /// Decodes a block. Returns what is left of the scratch space with the list at its front.
    fn decode<'s>(
        &mut self,
        payload: &[u8],
        block: &Block,
        scratch: &'s mut [u8],
    ) -> Result<(&'s mut [u8], Decoded), Error> {
        let first = payload.get(block.start..block.end).unwrap_or_default();
        // Fragments of several frames are put together at the end of the scratch space: the input is not changed
        // before it is known to be sound.
        let mut joined_len = 0;
        if block.continuations > 0 {
            joined_len = first.len();
            each_continuation(payload, block, |fragment| joined_len += fragment.len());
        }
        let split = scratch.len().checked_sub(joined_len);
        let (scratch, joined) = split
            .and_then(|at| scratch.split_at_mut_checked(at))
            .ok_or(Error::Compression(hpack::Error::FieldTooLarge))?;
        let whole: &[u8] = if block.continuations > 0 {
            let mut at = 0;
            let mut put = |fragment: &[u8]| {
                if let Some(room) = joined.get_mut(at..at + fragment.len()) {
                    room.copy_from_slice(fragment);
                    at += fragment.len();
                }
            };
            put(first);
            each_continuation(payload, block, put);
            joined
        } else {
            first
        };
        let room = self.list_room().min(scratch.len());
        let limits = &self.config.limits;
        let decoded = match self.decoder.decode(whole, scratch.get_mut(..room).unwrap_or_default()) {
            Ok(fields) if fields.len() > usize::from(limits.fields) => Decoded::TooLarge(StreamLimit::Fields),
            Ok(fields) if fields.list_size() > limits.header_list as usize => {
                Decoded::TooLarge(StreamLimit::HeaderList)
            }
            Ok(fields) => Decoded::List(List { len: fields.packed_len(), count: fields.len() as u32 }),
            Err(error) if error.is_fatal() => return Err(Error::Compression(error)),
            Err(_) => Decoded::TooLarge(StreamLimit::HeaderList),
        };
        Ok((scratch, decoded))
    }

    fn headers(
        &mut self,
        id: u32,
        end: bool,
        selfish: bool,
        judged: Judged,
        decoded: Decoded,
        scratch: &mut [u8],
    ) -> Result<Option<Tell>, Error> {
        match judged {
            Judged::Discard => return self.charge_control(1).map(|()| None),
            Judged::Reset(code) => return self.stream_fault(id, code),
            Judged::Accept => {}
        }
        if self.state_of(id) == State::Idle {
            return self.request(id, end, selfish, decoded, scratch);
        }
        let list = match decoded {
            _ if selfish => Err(ErrorCode::PROTOCOL_ERROR.into()),
            Decoded::TooLarge(limit) => Err(too_large(limit)),
            Decoded::List(list) => Ok(list),
        };
        let told = list.and_then(|list| {
            let fields = Fields::new(scratch.get(..list.len).unwrap_or_default(), list.count);
            let kind = self.later_headers(id, end, fields).map_err(|Malformed| ErrorCode::PROTOCOL_ERROR)?;
            Ok(Tell::Headers { id, kind, list, end })
        });
        match told {
            Err(fault) => self.stream_fault(id, fault),
            Ok(tell) => {
                if end {
                    self.end_remote(id);
                }
                if matches!(tell, Tell::Headers { kind: HeadersKind::Informational, .. }) {
                    self.charge_control(1)?; // there may be any number of them
                }
                Ok(Some(tell))
            }
        }
    }

    /// HEADERS that open a stream.
    fn request(
        &mut self,
        id: u32,
        end: bool,
        selfish: bool,
        decoded: Decoded,
        scratch: &mut [u8],
    ) -> Result<Option<Tell>, Error> {
        self.closed.skip(self.last_peer, id);
        self.last_peer = id;
        if matches!(self.drain, Drain::Final(last) if id > last) {
            // Section 6.8: "the sender will ignore frames sent on streams initiated by the receiver if the stream has
            // an identifier higher than the included last stream identifier".
            self.closed.forget(id);
            return self.charge_control(1).map(|()| None);
        }
        if self.peer_streams >= self.config.limits.concurrent_streams {
            return self.refuse(id, Fault::limit(StreamLimit::ConcurrentStreams, ErrorCode::REFUSED_STREAM));
        }
        let list = match decoded {
            _ if selfish => return self.refuse(id, ErrorCode::PROTOCOL_ERROR),
            Decoded::TooLarge(limit) => return self.too_large(id, limit, end),
            Decoded::List(list) => list,
        };
        let fields = Fields::new(scratch.get(..list.len).unwrap_or_default(), list.count);
        let request = match message::request(fields.noted(), self.config.extended_connect) {
            Ok(request) if end && request.content_length.is_some_and(|length| length > 0) => Err(Malformed),
            request => request,
        };
        let Ok(request) = request else { return self.refuse(id, ErrorCode::PROTOCOL_ERROR) };
        let Some(list) = joined(list, request.crumbs, scratch) else {
            return self.too_large(id, StreamLimit::HeaderList, end);
        };

        let mut stream = self.new_stream(id, State::Open);
        stream.head_received = true;
        stream.request = request.kind;
        stream.content_left = request.content_length;
        stream.priority = self.early_priority(id).or(request.priority).unwrap_or_default();
        if end {
            stream.state = stream.state.end_remote();
        }
        if self.streams.insert(stream).is_none() {
            return self.refuse(id, ErrorCode::REFUSED_STREAM);
        }
        self.peer_streams += 1;
        Ok(Some(Tell::Headers { id, kind: HeadersKind::Request, list, end }))
    }

    /// HEADERS on a stream that is there: a response, or trailers.
    fn later_headers(&mut self, id: u32, end: bool, fields: Fields<'_>) -> Result<HeadersKind, Malformed> {
        let place = self.streams.find(StreamId(id)).ok_or(Malformed)?;
        let own = self.is_own(id);
        let stream = self.streams.get_mut(place).ok_or(Malformed)?;
        let promised = stream.state == State::ReservedRemote;
        if stream.head_received {
            // Section 8.5: "Frame types other than DATA or stream management frames [..] MUST NOT be sent on a connected
            // stream and MUST be treated as a stream error (Section 5.4.2) if received."
            if stream.request == RequestKind::Connect {
                return Err(Malformed);
            }
            // Section 8.1: trailers end the stream: "An endpoint that receives a HEADERS frame without the END_STREAM
            // flag set after receiving the HEADERS frame that opens a request or after receiving a final
            // (non-informational) status code MUST treat the corresponding request or response as malformed."
            if !end || stream.content_left.is_some_and(|left| left > 0) {
                return Err(Malformed);
            }
            message::trailers(fields.noted())?;
            return Ok(HeadersKind::Trailers);
        }
        if !own && !promised {
            return Err(Malformed);
        }
        let response = message::response(fields.noted())?;
        if response.status < 200 {
            // "A HEADERS frame with the END_STREAM flag set that carries an informational status code is malformed".
            return if end { Err(Malformed) } else { Ok(HeadersKind::Informational) };
        }
        // RFC 9110 section 6.4.1: which responses have no content, whatever Content-Length says.
        let content = match (stream.request, response.status) {
            // Section 9.3.6 of it: any 2xx makes CONNECT a tunnel, and what follows is no content.
            (RequestKind::Connect, 200..=299) => None,
            (RequestKind::Head, _) | (_, 204 | 304) => Some(0),
            _ if end && response.content_length.is_some_and(|length| length > 0) => return Err(Malformed),
            _ => response.content_length,
        };
        stream.content_left = content;
        stream.head_received = true;
        stream.refuse_tunnel(response.status);
        if promised {
            stream.state = State::HalfClosedLocal;
        }
        Ok(HeadersKind::Response)
    }

    fn promise(
        &mut self,
        id: u32,
        promised: u32,
        judged: Judged,
        decoded: Decoded,
        scratch: &mut [u8],
    ) -> Result<Option<Tell>, Error> {
        // Section 5.1.1: the identifier is the server's, and higher than all before.
        if promised == 0 || self.is_own(promised) || promised <= self.last_peer {
            return Err(Error::Push);
        }
        self.closed.skip(self.last_peer, promised);
        self.last_peer = promised;
        // "Receiving a PUSH_PROMISE frame also causes the promised stream to become "reserved (remote)", even when
        // the PUSH_PROMISE frame is received on a closed stream."
        let fault = match (judged, &decoded) {
            (Judged::Accept, _) if !self.config.accept_push || self.drain != Drain::No => {
                Some(ErrorCode::REFUSED_STREAM.into())
            }
            (Judged::Accept, _) if self.peer_streams >= self.config.limits.concurrent_streams => {
                Some(Fault::limit(StreamLimit::ConcurrentStreams, ErrorCode::REFUSED_STREAM))
            }
            (Judged::Accept, Decoded::TooLarge(limit)) => Some(too_large(*limit)),
            (Judged::Accept, Decoded::List(_)) => None,
            (Judged::Discard | Judged::Reset(_), _) => Some(ErrorCode::CANCEL.into()),
        };
        let (None, Decoded::List(list)) = (fault, decoded) else {
            return self.refuse(promised, fault.unwrap_or(ErrorCode::CANCEL.into()));
        };
        let fields = Fields::new(scratch.get(..list.len).unwrap_or_default(), list.count);
        // Section 8.4: a request without content, with a method that is safe and cacheable.
        let method = fields.first(b":method");
        let safe = method.is_some_and(|method| matches!(method, b"GET" | b"HEAD"));
        let request = message::request(fields.noted(), false).ok();
        let Some(request) =
            request.filter(|request| safe && request.content_length.is_none_or(|length| length == 0))
        else {
            return self.refuse(promised, ErrorCode::PROTOCOL_ERROR);
        };
        let Some(list) = joined(list, request.crumbs, scratch) else {
            return self.refuse(promised, too_large(StreamLimit::HeaderList));
        };
        let mut stream = self.new_stream(promised, State::ReservedRemote);
        stream.head_sent = true;
        stream.request = request.kind;
        if self.streams.insert(stream).is_none() {
            return self.refuse(promised, ErrorCode::REFUSED_STREAM);
        }
        self.peer_streams += 1;
        Ok(Some(Tell::Push { id, promised, list }))
    }

    pub(super) fn new_stream(&self, id: u32, state: State) -> Stream {
        let send = SendWindow::new(self.peer.initial_window_size);
        Stream::new(id, state, send, ReceiveWindow::new(self.stream_window))
    }

    /// Resets a stream that the application never hears of.
    fn refuse(&mut self, id: u32, fault: impl Into<Fault>) -> Result<Option<Tell>, Error> {
        self.closed.reset(id, false);
        self.stream_fault(id, fault)
    }

    /// Answers a request whose fields are too large: "A server that receives a larger field block than it is willing
    /// to handle can send an HTTP 431 (Request Header Fields Too Large) status code" (section 10.5.1).
    fn too_large(&mut self, id: u32, limit: StreamLimit, end: bool) -> Result<Option<Tell>, Error> {
        self.count(limit);
        if !self.resets.take(1) {
            return Err(Error::ResetFlood);
        }
        if !end {
            self.closed.reset(id, false);
        }
        self.replies.push(Reply::TooLarge { id, reset: !end });
        Ok(None)
    }
}

/// The list with its crumbs of a cookie joined; `None` when the scratch space is too short for that.
fn joined(list: List, crumbs: usize, scratch: &mut [u8]) -> Option<List> {
    if crumbs < 2 {
        return Some(list);
    }
    let len = crumbs::join(scratch, list.len)?;
    Some(List { len, count: list.count - (crumbs as u32 - 1) })
}

/// Calls `each` with the payload of every CONTINUATION of the block, whose headers were checked.
fn each_continuation(payload: &[u8], block: &Block, mut each: impl FnMut(&[u8])) {
    let mut at = block.first_len;
    while at < block.len
        && let Some(head) = payload.get(at..).and_then(FrameHead::read)
    {
        let start = at + HEAD_LEN;
        at = start + head.len as usize;
        each(payload.get(start..at).unwrap_or_default());
    }
}
