use proto_core::{Deadline, Instant, Reason};

use crate::Limits;

/// What the one running deadline of a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    /// A first or started head should be complete.
    Head,
    /// A kept-alive connection is idle.
    Idle,
    /// A body should keep its rate: each byte moves the deadline on.
    Rate,
    /// A body nobody wants should end.
    Drain,
    /// The client waits for `100 Continue`.
    Continue,
}

/// The last time told and the one deadline, which is relative to the start until the first time is told.
///
/// The minimum body rate is a token bucket kept as a moment: the deadline starts a grace ahead, each byte moves it
/// on by the time the rate allows for a byte, but never further than a grace ahead of now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    now: Instant,
    at: Instant,
    /// Body bytes since the last time told; turned into time only when somebody asks.
    fresh: u32,
    due: Due,
    told: bool,
}

const SECOND: u64 = 1_000_000;

impl Clock {
    pub(crate) const fn new() -> Self {
        Self { now: Instant::ZERO, at: Instant::ZERO, fresh: 0, due: Due::Nothing, told: false }
    }

    /// Starts the deadline `due`, in place of any other.
    pub(crate) fn arm(&mut self, due: Due, limits: &Limits) {
        let seconds = seconds(due, limits);
        let off = seconds == 0 || (due == Due::Rate && limits.body_rate == 0);
        self.due = if off { Due::Nothing } else { due };
        self.at = later(self.now, u64::from(seconds) * SECOND);
        self.fresh = 0;
    }

    pub(crate) fn disarm(&mut self) {
        self.due = Due::Nothing;
    }

    pub(crate) const fn due(&self) -> Due {
        self.due
    }

    /// Counts `bytes` of body towards the rate.
    #[inline]
    pub(crate) fn earn(&mut self, bytes: usize) {
        self.fresh = self.fresh.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
    }

    /// Takes the time and says which deadline it passed.
    pub(crate) fn tell(&mut self, now: Instant, limits: &Limits) -> Due {
        if !self.told {
            self.told = true;
            self.at = later(self.at, now.as_micros());
        } else {
            self.at = self.effective(limits);
        }
        self.fresh = 0;
        self.now = self.now.max(now);
        if self.due != Due::Nothing && self.at <= self.now { self.due } else { Due::Nothing }
    }

    pub(crate) fn poll(&self, limits: &Limits) -> Option<Deadline> {
        let reason = match self.due {
            Due::Nothing => return None,
            Due::Head => Reason::Head,
            Due::Idle => Reason::KeepAlive,
            Due::Rate | Due::Drain => Reason::BodyRate,
            Due::Continue => Reason::Application,
        };
        self.told.then(|| Deadline::new(self.effective(limits), reason))
    }

    fn effective(&self, limits: &Limits) -> Instant {
        if self.due != Due::Rate || self.fresh == 0 {
            return self.at;
        }
        let earned = u64::from(self.fresh) * SECOND / u64::from(limits.body_rate.max(1));
        let cap = later(self.now, u64::from(limits.body_grace) * SECOND);
        later(self.at, earned).min(cap).max(self.at)
    }
}

fn seconds(due: Due, limits: &Limits) -> u16 {
    match due {
        Due::Nothing => 0,
        Due::Head => limits.head_timeout,
        Due::Idle => limits.idle_timeout,
        Due::Rate | Due::Drain => limits.body_grace,
        Due::Continue => limits.continue_timeout,
    }
}

fn later(at: Instant, micros: u64) -> Instant {
    Instant(at.as_micros().saturating_add(micros))
}
