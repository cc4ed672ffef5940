//! DATA (RFC 9113 section 6.1), handed on in the pieces in which it comes.

use super::receive::{Fault, Frame, Judged};
use super::{Connection, Input};
use crate::event::Tell;
use crate::frame::{FrameHead, flag};
use crate::reply::Reply;
use crate::stream::{Cause, Incoming, State};
use crate::{Error, ErrorCode, StreamLimit};

/// DATA with less than this, that does not end its stream, is counted.
const TINY: u32 = 16;

/// The credit that a DATA frame takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flow {
    octets: u32,
    /// Of these, what the application holds.
    held: u32,
}

impl Connection {
    pub(super) fn data_frame(&mut self, head: FrameHead, payload: &[u8]) -> Result<Frame, Error> {
        if head.id == 0 {
            return Err(Error::StreamZero);
        }
        let (skip, padding) = match (head.has(flag::PADDED), head.len, payload.first()) {
            (false, ..) => (0, 0),
            (true, 0, _) => return Err(Error::FrameLength),
            (true, _, None) => return Ok(Frame::Incomplete),
            (true, _, Some(&padding)) => (1, u32::from(padding)),
        };
        // "If the length of the padding is the length of the frame payload or greater, the recipient MUST treat this
        // as a connection error of type PROTOCOL_ERROR."
        let data = head.len.checked_sub(skip + padding).ok_or(Error::Padding)?;
        let end = head.has(flag::END_STREAM);
        let judged = self.judge(head.id, Incoming::Data)?;

        // "The entire DATA frame payload is included in flow control, including the Pad Length and Padding fields".
        if !self.receive.receive(head.len) {
            return Err(Error::WindowExceeded);
        }
        if data == 0 && !end {
            self.charge_control(10)?;
        } else if data < TINY && !end {
            self.charge_tiny()?;
        }
        let fault = match judged {
            Judged::Accept => self.accept_data(head.id, head.len, data, end).err(),
            Judged::Discard => None,
            Judged::Reset(code) => Some(code.into()),
        };
        // A stream that is not open any more takes none of what follows.
        let tell = match fault {
            Some(fault) => self.stream_fault(head.id, fault)?,
            None => None,
        };
        self.input =
            Input::Data { id: head.id, data, padding, flow: Flow { octets: head.len, held: 0 }, end };
        if tell.is_some() {
            if data + padding == 0 {
                self.data_done();
            }
            return Ok(Frame::Taken(skip as usize, tell));
        }
        // An empty frame is complete; others go on with the next piece.
        let (taken, tell) = self.data_piece(&[], 0);
        Ok(Frame::Taken(skip as usize + taken, tell))
    }

    /// Whether the frame may come: credit, order, Content-Length.
    fn accept_data(&mut self, id: u32, flow: u32, data: u32, end: bool) -> Result<(), Fault> {
        let Some((_, stream)) = self.streams.by_id(id) else { return Ok(()) };
        // Section 6.9.1: "A receiver MAY respond with a stream error or connection error of type FLOW_CONTROL_ERROR".
        if !stream.receive.receive(flow) {
            return Err(Fault::limit(StreamLimit::StreamWindow, ErrorCode::FLOW_CONTROL_ERROR));
        }
        // Section 8.1: a message begins with a header section.
        if !stream.head_received {
            return Err(ErrorCode::PROTOCOL_ERROR.into());
        }
        // Section 8.1.1: "A request or response is also malformed if the value of a content-length header field does
        // not equal the sum of the DATA frame payload lengths that form the content".
        if let Some(left) = stream.content_left {
            let left = left.checked_sub(data.into()).ok_or(ErrorCode::PROTOCOL_ERROR)?;
            if end && left > 0 {
                return Err(ErrorCode::PROTOCOL_ERROR.into());
            }
            stream.content_left = Some(left);
        }
        Ok(())
    }

    /// The next piece of a DATA frame. `at` is where `rest` begins in the whole input.
    pub(super) fn data_piece(&mut self, rest: &[u8], at: usize) -> (usize, Option<Tell>) {
        let Input::Data { id, data, padding, mut flow, end } = self.input else { return (0, None) };
        let available = u32::try_from(rest.len()).unwrap_or(u32::MAX);
        if data > 0 && available == 0 {
            return (0, None);
        }
        let live = self.stream(id).is_some_and(|stream| stream.state.may_receive());
        if data > 0 || (end && live) {
            let taken = data.min(available);
            let left = data - taken;
            let held = live && self.stream(id).is_some_and(|stream| stream.holds_credit);
            if held && let Some((_, stream)) = self.streams.by_id(id) {
                stream.receive.hold(taken);
                flow.held += taken;
            }
            self.input = Input::Data { id, data: left, padding, flow, end };
            let ends = end && left == 0;
            if left == 0 && padding == 0 {
                self.data_done();
            }
            if live && ends {
                self.end_remote(id);
            }
            let tell = Tell::Data { id, start: at, len: taken as usize, held, end: ends };
            return (taken as usize, live.then_some(tell));
        }
        // Padding, which means nothing.
        let taken = padding.min(available);
        self.input = Input::Data { id, data, padding: padding - taken, flow, end };
        if taken == padding {
            self.data_done();
        }
        (taken as usize, None)
    }

    /// A DATA frame is complete: its credit is returned. Only here, so that what is sent does not depend on the
    /// pieces in which the frame came.
    fn data_done(&mut self) {
        let Input::Data { id, flow, .. } = self.input else { return };
        self.input = Input::Frame;
        self.receive.consume(flow.octets);
        if let Some(increment) = self.receive.update(self.config.limits.connection_window) {
            self.replies.push(Reply::Window { id: 0, increment });
        }
        let target = self.stream_window;
        let Some((_, stream)) = self.streams.by_id(id) else { return };
        stream.receive.consume(flow.octets - flow.held);
        if stream.state.may_receive()
            && stream.reset_due.is_none()
            && let Some(increment) = stream.receive.update(target)
        {
            self.replies.push(Reply::Window { id, increment });
        }
    }

    /// The peer has ended its side of a stream.
    pub(super) fn end_remote(&mut self, id: u32) {
        let Some((place, stream)) = self.streams.by_id(id) else { return };
        stream.state = stream.state.end_remote();
        if stream.state == State::Closed(Cause::Ended) {
            self.remove(place);
        }
    }
}
