use core::time::Duration;

use proto_core::{Deadline, Instant, Reason};

/// When to ping a quiet peer and when to give it up.
///
/// Whatever the peer sends, a Pong or anything else, proves that it is there: a ping is for quiet connections.
/// Both spans count from the last proof, in milliseconds, at most about 49 days; zero switches that half off.
/// A `ping_after` of `hang_up_after` or more leaves no time for an answer, so there is then no ping.
///
/// A usual choice is 300 s and 310 s; behind address translators that forget fast, 40 s and 50 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeepAlive {
    /// Send one Ping once the peer has proved nothing for so long. Default zero: never.
    pub ping_after: Duration,
    /// Close the transport, with [`Error::Silent`](crate::Error::Silent), once the peer has proved nothing for so
    /// long. Default zero: never.
    pub hang_up_after: Duration,
}

/// The clock of a connection: the last time told, and the moments its deadlines count from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    now: Instant,
    /// When the peer was last heard.
    proof: Instant,
    /// When the closing handshake began or, before that, when the last ping became due.
    mark: Instant,
    ping_after: u32,
    hang_up_after: u32,
    close_timeout: u32,
    /// Whether any time has been told: before that, a deadline only asks for it.
    told: bool,
    /// A ping is due and not written.
    pub(crate) ping_owed: bool,
}

/// What is due, a ping apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    HangUp,
    CloseTimeout,
}

impl Clock {
    pub(crate) fn new(keep_alive: KeepAlive, close_timeout: Duration) -> Self {
        let millis = |span: Duration| u32::try_from(span.as_millis()).unwrap_or(u32::MAX);
        // a span below a millisecond is short, not off
        let span = |span: Duration| if span.is_zero() { 0 } else { millis(span).max(1) };
        Self {
            now: Instant::ZERO,
            proof: Instant::ZERO,
            mark: Instant::ZERO,
            ping_after: span(keep_alive.ping_after),
            hang_up_after: span(keep_alive.hang_up_after),
            close_timeout: millis(close_timeout),
            told: false,
            ping_owed: false,
        }
    }

    /// The peer was heard.
    #[inline]
    pub(crate) fn prove(&mut self) {
        self.proof = self.now;
    }

    /// The closing handshake begins.
    pub(crate) fn closing(&mut self) {
        self.mark = self.now;
    }

    pub(crate) fn deadline(&self, closing: bool) -> Option<Deadline> {
        let at = |from: Instant, millis: u32, reason| {
            let at = if self.told { from + Duration::from_millis(millis.into()) } else { Instant::ZERO };
            Some(Deadline::new(at, reason))
        };
        if closing {
            return at(self.mark, self.close_timeout, Reason::Close);
        }
        let ping = if self.may_ping() { at(self.proof, self.ping_after, Reason::Ping) } else { None };
        let hang_up =
            if self.hang_up_after == 0 { None } else { at(self.proof, self.hang_up_after, Reason::Validity) };
        Deadline::earlier(ping, hang_up)
    }

    /// Tells the time; says what is due by then, and notes a ping that is.
    pub(crate) fn tell(&mut self, now: Instant, closing: bool) -> Due {
        if !self.told {
            (self.told, self.now, self.proof, self.mark) = (true, now, now, now);
        }
        self.now = self.now.max(now);
        match self.deadline(closing) {
            Some(deadline) if deadline.at <= self.now => match deadline.reason {
                Reason::Close => Due::CloseTimeout,
                // after a long sleep both may be due: the peer still gets its ping only if there is time to answer
                _ if self.silent() => Due::HangUp,
                _ => {
                    (self.mark, self.ping_owed) = (self.now, true);
                    Due::Nothing
                }
            },
            _ => Due::Nothing,
        }
    }

    fn silent(&self) -> bool {
        self.hang_up_after != 0 && self.now >= self.proof + Duration::from_millis(self.hang_up_after.into())
    }

    /// One ping for each proof: `mark` lies behind the last proof once a ping is under way.
    fn may_ping(&self) -> bool {
        let in_time = self.hang_up_after == 0 || self.ping_after < self.hang_up_after;
        self.ping_after != 0 && in_time && self.mark <= self.proof
    }
}
