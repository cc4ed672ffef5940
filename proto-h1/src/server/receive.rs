//! Requests as they come in.

use proto_core::Step;

use super::{Asked, Recv, Sent, Server};
use crate::body::Body;
use crate::chunk::Piece;
use crate::clock::Due;
use crate::head::{self, Asked as Method};
use crate::{BodyLength, CloseReason, Error, Event, Fields, Request, Version};

impl Server {
    pub(super) fn receive_any<'b>(
        &mut self,
        input: &'b mut [u8],
        scratch: &'b mut [u8],
    ) -> Result<Step<Event<'b>>, Error> {
        if let Some(error) = self.error {
            return Err(error);
        }
        match self.recv {
            // Nothing follows most heads.
            Recv::Body if matches!(self.body, Body::Length { left: 0 }) => {
                Ok(Step::event(0, self.end(Fields::EMPTY)))
            }
            Recv::Body => self.receive_body(input),
            Recv::Head { .. } => self.receive_head(input, scratch),
            Recv::Discard { left } => self.discard(left, input),
            Recv::Complete if self.send == Sent::Switch => Ok(Step::event(0, self.switch())),
            Recv::Complete | Recv::Upgraded | Recv::Closed => Ok(Step::NONE),
        }
    }

    pub(super) fn receive_head<'b>(
        &mut self,
        input: &'b mut [u8],
        scratch: &'b mut [u8],
    ) -> Result<Step<Event<'b>>, Error> {
        let Recv::Head { progress, first, empty_line } = &mut self.recv else { return Ok(Step::NONE) };
        let input: &'b [u8] = input;
        let mut rest = input;
        // RFC 9112 2.2: at least one empty line before the request line is to be ignored.
        while !*empty_line || self.config.lenient.empty_lines {
            rest = match rest {
                [b'\r', b'\n', rest @ ..] => rest,
                [b'\n', rest @ ..] if self.config.lenient.bare_lf => rest,
                [b'\r'] if !self.eof => return Ok(Step::quiet(input.len() - 1)),
                _ => break,
            };
            *empty_line = true;
        }
        let skipped = input.len() - rest.len();
        if rest.is_empty() {
            if self.eof {
                self.close(CloseReason::Eof);
            }
            return Ok(Step::quiet(skipped));
        }
        let arm = !*first && !progress.started();
        match head::request(progress, rest, scratch, &self.config) {
            Ok(Some((len, request))) => {
                self.begin(&request);
                Ok(Step::event(skipped + len, Event::Request(request)))
            }
            Ok(None) if self.eof => Err(self.fail(Error::HeadCut)),
            Ok(None) => {
                self.asked.method = method_of_fault(rest);
                if arm {
                    self.clock.arm(Due::Head, &self.config.limits);
                }
                Ok(Step::quiet(skipped))
            }
            Err(error) => {
                self.asked.method = method_of_fault(rest);
                Err(self.fail(error))
            }
        }
    }

    #[inline(always)]
    pub(super) fn begin(&mut self, request: &Request<'_>) {
        self.recv = Recv::Body;
        self.send = Sent::Head;
        self.body = Body::new(request.body, &self.config);
        self.asked = Asked {
            method: match request.method {
                b"HEAD" => Method::Head,
                b"CONNECT" => Method::Connect,
                _ => Method::Other,
            },
            http10: request.version == Version::Http10,
            upgrade: request.upgrade,
            r#continue: request.expect_continue,
        };
        if !request.keep_alive {
            let old = self.asked.http10 && !request.fields.contains_token("connection", "close");
            self.give_up(if old { CloseReason::Http10 } else { CloseReason::Peer });
        }
        // A client that waits for 100 Continue is not slow.
        let has_body = !matches!(request.body, BodyLength::None | BodyLength::Known(0));
        if has_body && !request.expect_continue {
            self.clock.arm(Due::Rate, &self.config.limits);
        } else {
            self.clock.disarm();
        }
    }

    pub(super) fn receive_body<'b>(&mut self, input: &'b mut [u8]) -> Result<Step<Event<'b>>, Error> {
        match self.body.next(input, u64::MAX, &self.config) {
            Ok((used, Piece::More)) => Ok(Step::quiet(used)),
            Ok((used, Piece::Data { start, end })) => {
                if self.asked.r#continue {
                    // The client did not wait, so there is nothing left to tell it.
                    self.asked.r#continue = false;
                    self.clock.arm(Due::Rate, &self.config.limits);
                }
                self.clock.earn(end - start);
                Ok(Step::event(used, Event::Body(input.get_mut(start..end).unwrap_or_default())))
            }
            Ok((used, Piece::End { start, end, count })) => {
                let input: &'b [u8] = input;
                let trailers = Fields::new(input.get(start..end).unwrap_or_default(), count);
                Ok(Step::event(used, self.end(trailers)))
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Reads the rest of a request whose response is finished, up to the drain limit, and tells its end only.
    pub(super) fn discard<'b>(
        &mut self,
        mut left: u32,
        input: &'b mut [u8],
    ) -> Result<Step<Event<'b>>, Error> {
        let mut pos = 0;
        loop {
            let rest = input.get(pos..).unwrap_or_default();
            match self.body.next(rest, left.into(), &self.config) {
                Ok((used, Piece::More)) => {
                    self.recv = Recv::Discard { left };
                    if pos + used < input.len() && self.body.in_content() {
                        self.close(CloseReason::RequestUnread);
                    }
                    return Ok(Step::quiet(pos + used));
                }
                Ok((used, Piece::Data { start, end })) => {
                    left = left.saturating_sub((end - start) as u32); // a piece is at most `left` long
                    pos += used;
                }
                Ok((used, Piece::End { start, end, count })) => {
                    let input: &'b [u8] = input;
                    let trailers = Fields::new(input.get(pos + start..pos + end).unwrap_or_default(), count);
                    return Ok(Step::event(pos + used, self.end(trailers)));
                }
                Err(error) => return Err(self.fail(error)),
            }
        }
    }

    pub(super) fn end<'b>(&mut self, trailers: Fields<'b>) -> Event<'b> {
        self.recv = Recv::Complete;
        self.asked.r#continue = false;
        self.clock.disarm();
        Event::End { trailers }
    }

    pub(super) fn switch(&mut self) -> Event<'static> {
        self.recv = Recv::Upgraded;
        self.reason = Some(CloseReason::Upgraded);
        Event::Upgraded
    }
}

/// What the answer to a head that is at fault, or late, depends on: HEAD gets no content whatever the status.
fn method_of_fault(head: &[u8]) -> Method {
    if head.starts_with(b"HEAD ") { Method::Head } else { Method::Other }
}
