use super::Agreement;
use super::inflation::Inflation;
use super::send::Deflation;
use crate::{Limits, Side};

/// What a connection has more when it deflates.
#[derive(Debug)]
pub(crate) struct Deflate {
    pub(crate) inflation: Inflation,
    pub(crate) deflation: Deflation,
    /// What is kept between messages: see [`Agreement::memory`].
    pub(crate) memory: usize,
}

impl Deflate {
    pub(crate) fn new(agreement: &Agreement, side: Side, limits: &Limits) -> Self {
        Self {
            inflation: Inflation::new(agreement.direction(side.other()), agreement.config(), limits),
            deflation: Deflation::new(agreement.direction(side), agreement.config()),
            memory: agreement.memory(side),
        }
    }
}

/// The state of one direction, `None` while there is none.
pub(crate) struct Slot<T> {
    pub(crate) state: Option<T>,
    pub(crate) source: Source,
    /// The pool counts it as lent.
    pub(crate) lent: bool,
}

/// Where state comes from when it is needed, and where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// It is made, and dropped at the end of a message unless there is context takeover.
    Own,
    /// A pool lends it, or lets it be made, and takes it back.
    Pool,
    /// The pool has none to spare.
    Denied,
}

impl<T> Slot<T> {
    pub(crate) const fn new() -> Self {
        Self { state: None, source: Source::Own, lent: false }
    }

    /// The state; made if there is none and it may be.
    pub(crate) fn obtain(&mut self, make: impl FnOnce() -> T) -> Option<&mut T> {
        if self.state.is_none() && self.source != Source::Denied {
            self.state = Some(make());
        }
        self.state.as_mut()
    }

    /// Takes what the pool lends, or leave to make it.
    pub(crate) fn lend(&mut self, state: Option<T>, may_make: bool) {
        self.state = state;
        self.source = if may_make { Source::Pool } else { Source::Denied };
    }

    /// A message without context takeover has ended.
    pub(crate) fn rest(&mut self) {
        if self.source == Source::Own {
            self.state = None;
        }
    }
}

impl<T> core::fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Slot").field("held", &self.state.is_some()).field("source", &self.source).finish()
    }
}
