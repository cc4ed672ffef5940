//! Responses as they come in.

use proto_core::Step;

use super::{Client, Recv, Sent};
use crate::body::Body;
use crate::chunk::Piece;
use crate::clock::Due;
use crate::head::{self, Asked, Progress};
use crate::{BodyLength, CloseReason, Error, Event, Fields, Response, Version};

impl Client {
    pub(super) fn receive_any<'b>(
        &mut self,
        input: &'b mut [u8],
        scratch: &'b mut [u8],
    ) -> Result<Step<Event<'b>>, Error> {
        if let Some(error) = self.error {
            return Err(error);
        }
        match self.recv {
            Recv::Body => self.receive_body(input),
            Recv::Idle if input.is_empty() => Ok(Step::NONE),
            Recv::Idle => Err(self.fail(Error::Unsolicited)),
            Recv::Head => self.receive_head(input, scratch),
            Recv::Switch => Ok(Step::event(0, self.switch())),
            Recv::Complete | Recv::Upgraded | Recv::Closed => Ok(Step::NONE),
        }
    }

    pub(super) fn receive_head<'b>(
        &mut self,
        input: &'b mut [u8],
        scratch: &'b mut [u8],
    ) -> Result<Step<Event<'b>>, Error> {
        if input.is_empty() {
            return Ok(Step::NONE);
        }
        match head::response(&mut self.progress, input, scratch, &self.config, self.asked) {
            Ok(None) => {
                if self.clock.due() == Due::Nothing {
                    self.clock.arm(Due::Head, &self.config.limits);
                }
                Ok(Step::NONE)
            }
            Ok(Some((len, response))) => match self.begin(&response) {
                Ok(()) if self.recv == Recv::Head => Ok(Step::event(len, Event::Informational(response))),
                Ok(()) => Ok(Step::event(len, Event::Response(response))),
                Err(error) => Err(self.fail(error)),
            },
            Err(error) => Err(self.fail(error)),
        }
    }

    #[inline(always)]
    pub(super) fn begin(&mut self, response: &Response<'_>) -> Result<(), Error> {
        self.progress = Progress::NEW;
        if self.clock.due() == Due::Head {
            self.clock.disarm();
        }
        match response.status {
            // RFC 9110 15.2.2 and 7.8: only what was asked for, and only behind a complete request.
            101 if self.upgrade && response.upgrade && self.send == Sent::Done => {
                self.recv = Recv::Switch;
                return Ok(());
            }
            101 => return Err(Error::UnexpectedUpgrade),
            100..=199 => {
                self.informational = self.informational.saturating_add(1);
                if self.informational > self.config.limits.informational {
                    return Err(Error::TooManyInformational);
                }
                if response.status == 100 {
                    self.go_ahead();
                }
                return Ok(());
            }
            200..=299 if self.asked == Asked::Connect => {
                self.recv = Recv::Switch;
                return Ok(());
            }
            _ => {}
        }
        self.clock.disarm();
        // RFC 9110 10.1.1: a final response in place of 100 Continue; the body is not wanted.
        if self.awaits_continue() {
            self.abandon_body();
        }
        self.recv = Recv::Body;
        self.body = Body::new(response.body, &self.config);
        if !matches!(response.body, BodyLength::None | BodyLength::Known(0)) {
            self.clock.arm(Due::Rate, &self.config.limits);
        }
        if response.close {
            self.give_up(CloseReason::Peer);
        } else if response.body == BodyLength::UntilClose {
            self.give_up(CloseReason::Delimited);
        } else if !response.keep_alive {
            debug_assert_eq!(response.version, Version::Http10, "the only reason left");
            self.give_up(CloseReason::Http10);
        }
        Ok(())
    }

    pub(super) fn receive_body<'b>(&mut self, input: &'b mut [u8]) -> Result<Step<Event<'b>>, Error> {
        match self.body.next(input, u64::MAX, &self.config) {
            Ok((used, Piece::More)) => Ok(Step::quiet(used)),
            Ok((used, Piece::Data { start, end })) => {
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

    pub(super) fn end<'b>(&mut self, trailers: Fields<'b>) -> Event<'b> {
        self.recv = Recv::Complete;
        self.clock.disarm();
        Event::End { trailers }
    }

    pub(super) fn switch(&mut self) -> Event<'static> {
        self.recv = Recv::Upgraded;
        self.reason = Some(CloseReason::Upgraded);
        self.clock.disarm();
        Event::Upgraded
    }
}
