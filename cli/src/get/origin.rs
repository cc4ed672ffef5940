//! Which requests go over which connection, and whose body is printed when.

use std::collections::VecDeque;

use app::{ClientRole, ConnectionId, End, StreamId, Target};

use super::fetch::Fetch;
use super::role;
use crate::exit::Failure;

/// One place that requests go to: over one connection at a time, side by side where it can carry several.
pub(super) struct Origin {
    target: Target,
    prior_knowledge: bool,
    waiting: VecDeque<Fetch>,
    connection: Option<ConnectionId>,
    under_way: usize,
    /// Connections in a row on which no request was completed.
    fruitless: u32,
}

/// How many connections are made in a row to a server that processes nothing.
const ATTEMPTS: u32 = 5;

impl Origin {
    pub(super) fn new(target: Target, prior_knowledge: bool) -> Self {
        Self {
            target,
            prior_knowledge,
            waiting: VecDeque::new(),
            connection: None,
            under_way: 0,
            fruitless: 0,
        }
    }
}

/// The application: holds what is to be fetched, and how each exchange ended once it has.
pub(super) struct Fetcher {
    origins: Vec<Origin>,
    /// By the place of the URL on the command line.
    slots: Vec<Slot>,
    /// The first place that is not finished with standard output.
    printing: usize,
    moved: bool,
}

#[derive(Default)]
struct Slot {
    to_stdout: bool,
    stream: Option<StreamId>,
    outcome: Option<Result<(), Failure>>,
    /// It is complete, but those before it are not.
    early: Option<Fetch>,
}

impl Fetcher {
    pub(super) fn new(count: usize) -> Self {
        Self {
            origins: Vec::new(),
            slots: (0..count).map(|_| Slot::default()).collect(),
            printing: 0,
            moved: false,
        }
    }

    /// Adds a request, to be sent where others for the same origin go.
    pub(super) fn add(&mut self, origin: Origin, to_stdout: bool, mut fetch: Fetch) {
        let known = self.origins.iter().position(|known| known.target == origin.target);
        fetch.origin = known.unwrap_or_else(|| {
            self.origins.push(origin);
            self.origins.len() - 1
        });
        if let Some(slot) = self.slots.get_mut(fetch.place()) {
            slot.to_stdout = to_stdout;
        }
        if let Some(origin) = self.origins.get_mut(fetch.origin) {
            origin.waiting.push_back(fetch);
        }
    }

    /// The next connection to make, with its first request.
    pub(super) fn connect(&mut self) -> Option<(Target, ClientRole, Fetch)> {
        let origin = self.origins.iter_mut().find(|it| it.under_way == 0 && !it.waiting.is_empty())?;
        origin.connection = None;
        origin.under_way = 1;
        origin.fruitless += 1;
        let fetch = origin.waiting.pop_front()?;
        Some((origin.target.clone(), role(origin.prior_knowledge), fetch))
    }

    /// Another request for a connection that can take one.
    pub(super) fn next_for(&mut self, connection: ConnectionId) -> Option<Fetch> {
        let origin = self.origins.iter_mut().find(|origin| origin.connection == Some(connection))?;
        let fetch = origin.waiting.pop_front()?;
        origin.under_way += 1;
        Some(fetch)
    }

    /// A request goes over this stream.
    pub(super) fn goes_over(&mut self, fetch: &Fetch, stream: StreamId) {
        if let Some(origin) = self.origins.get_mut(fetch.origin) {
            origin.connection = Some(stream.connection);
        }
        if let Some(slot) = self.slots.get_mut(fetch.place()) {
            slot.stream = Some(stream);
        }
    }

    /// Whether the body of this request may be printed as it comes.
    pub(super) fn may_print(&self, fetch: &Fetch) -> bool {
        let to_stdout = self.slots.get(fetch.place()).is_some_and(|slot| slot.to_stdout);
        !to_stdout || fetch.place() == self.printing
    }

    /// The stream whose body is printed now.
    pub(super) fn printing(&self) -> Option<StreamId> {
        self.slots.get(self.printing)?.stream
    }

    /// Whether the stream that prints is another one than when this was last asked.
    pub(super) fn has_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
    }

    /// An exchange is over.
    pub(super) fn ended(&mut self, mut fetch: Fetch, end: End) {
        let place = fetch.place();
        let Some(origin) = self.origins.get_mut(fetch.origin) else { return };
        origin.under_way = origin.under_way.saturating_sub(1);
        if end == End::Complete {
            origin.fruitless = 0;
        }
        if end == End::Unprocessed && origin.fruitless < ATTEMPTS && fetch.starts_anew() {
            return origin.waiting.push_front(fetch);
        }
        let may_print = self.may_print(&fetch);
        let Some(slot) = self.slots.get_mut(place) else { return };
        slot.stream = None;
        slot.outcome = Some(fetch.outcome(end));
        if may_print {
            close(slot, fetch);
        } else {
            slot.early = Some(fetch);
        }
        self.advance();
    }

    /// Lets those print that are next: also once everything is added.
    pub(super) fn advance(&mut self) {
        while let Some(slot) = self.slots.get_mut(self.printing) {
            if slot.to_stdout && slot.outcome.is_none() {
                return;
            }
            self.printing += 1;
            self.moved = true;
            if let Some(slot) = self.slots.get_mut(self.printing)
                && let Some(fetch) = slot.early.take()
            {
                close(slot, fetch);
            }
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.slots.iter().all(|slot| slot.outcome.is_some())
    }

    /// How it all ended: every failure is said, the first decides.
    pub(super) fn outcome(&mut self) -> Result<(), Failure> {
        let mut failures = self.slots.iter_mut().filter_map(|slot| slot.outcome.take()?.err());
        let Some(mut first) = failures.next() else { return Ok(()) };
        for next in failures {
            first = first.and(next);
        }
        Err(first)
    }

    pub(super) fn first_unfinished(&self, urls: &[String]) -> String {
        let place = self.slots.iter().position(|slot| slot.outcome.is_none()).unwrap_or(0);
        urls.get(place).cloned().unwrap_or_default()
    }
}

/// Writes what is left of a body. A failure to do so counts unless there is another.
fn close(slot: &mut Slot, fetch: Fetch) {
    let written = fetch.finish();
    if let Some(Ok(())) = slot.outcome {
        slot.outcome = Some(written);
    }
}
