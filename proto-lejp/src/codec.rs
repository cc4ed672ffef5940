use crate::error::Error;
use crate::event::Event;
use crate::parser::Parser;
use proto_core::{Codec, Deadline, Instant, Step, Wants, WriteBuf};

/// For generic drivers. A parser writes nothing and knows no time.
impl<'p, const DEPTH: usize, const PATH: usize, const INDEX: usize> Codec for Parser<'p, DEPTH, PATH, INDEX> {
    type Event<'b> = Event<'b>;
    type Error = Error;

    fn receive<'b>(&mut self, input: &'b mut [u8], scratch: &'b mut [u8]) -> Result<Step<Event<'b>>, Error> {
        self.receive(input, scratch)
    }

    fn receive_eof(&mut self) -> Result<Option<Event<'static>>, Error> {
        self.receive_eof()
    }

    fn transmit(&mut self, _out: &mut WriteBuf<'_>) {}

    fn wants(&self) -> Wants {
        self.wants()
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        None
    }

    fn handle_timeout(&mut self, _now: Instant) {}

    fn min_input(&self) -> usize {
        self.min_input()
    }
}
