use std::collections::VecDeque;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use app::ConnectionId;

/// Resolves host names by the operating system's resolver, which blocks, on threads of its own.
///
/// The threads begin with the first name and end with the resolver. One that is stuck in a slow name server is not
/// waited for.
#[derive(Debug)]
pub(crate) struct Resolver {
    desk: Arc<Desk>,
    threads: usize,
    capacity: usize,
}

/// Names whose resolution takes seconds must not hold up those that take none.
const THREADS: usize = 4;

#[derive(Debug, Default)]
struct Desk {
    work: Mutex<Work>,
    arrived: Condvar,
}

#[derive(Default)]
struct Work {
    questions: VecDeque<Question>,
    answers: Vec<(ConnectionId, Vec<SocketAddr>)>,
    idle: usize,
    closed: bool,
}

struct Question {
    id: ConnectionId,
    host: String,
    port: u16,
    notify: Box<dyn FnOnce() + Send>,
}

impl core::fmt::Debug for Work {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Work {{ {} questions, {} answers }}", self.questions.len(), self.answers.len())
    }
}

impl Resolver {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { desk: Arc::default(), threads: 0, capacity }
    }

    /// Asks for the addresses of `host`; `notify` is called, elsewhere, when the answer is there. False when too
    /// many names wait already, or no thread is to be had.
    pub(crate) fn resolve(
        &mut self,
        id: ConnectionId,
        host: String,
        port: u16,
        notify: impl FnOnce() + Send + 'static,
    ) -> bool {
        let mut work = self.desk.lock();
        if work.questions.len() >= self.capacity {
            return false;
        }
        work.questions.push_back(Question { id, host, port, notify: Box::new(notify) });
        let helper_needed = work.questions.len() > work.idle && self.threads < THREADS;
        drop(work);
        self.desk.arrived.notify_one();
        if helper_needed {
            let desk = Arc::clone(&self.desk);
            let started = std::thread::Builder::new().name("resolver".into()).spawn(move || desk.serve());
            self.threads += usize::from(started.is_ok());
        }
        self.threads > 0
    }

    /// The next answer; no addresses when the name did not resolve.
    pub(crate) fn answer(&mut self) -> Option<(ConnectionId, Vec<SocketAddr>)> {
        if self.threads == 0 {
            return None;
        }
        self.desk.lock().answers.pop()
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        let mut work = self.desk.lock();
        work.closed = true;
        work.questions.clear();
        drop(work);
        self.desk.arrived.notify_all();
    }
}

impl Desk {
    fn serve(&self) {
        loop {
            let mut work = self.lock();
            let question = loop {
                if work.closed {
                    return;
                }
                match work.questions.pop_front() {
                    Some(question) => break question,
                    None => {
                        work.idle += 1;
                        work = self.arrived.wait(work).unwrap_or_else(PoisonError::into_inner);
                        work.idle -= 1;
                    }
                }
            };
            drop(work);
            let Question { id, host, port, notify } = question;
            let addresses = (host.as_str(), port).to_socket_addrs().map(interleave).unwrap_or_default();
            self.lock().answers.push((id, addresses));
            notify();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Alternates the families, the first address first: when one family leads nowhere, the second attempt is of the
/// other ([RFC 8305 §4](https://www.rfc-editor.org/rfc/rfc8305#section-4)).
fn interleave(addresses: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let (mut these, mut others) = (VecDeque::new(), VecDeque::new());
    let mut first_is_v6 = None;
    for address in addresses {
        let first_is_v6 = *first_is_v6.get_or_insert(address.is_ipv6());
        let family = if address.is_ipv6() == first_is_v6 { &mut these } else { &mut others };
        if !family.contains(&address) {
            family.push_back(address);
        }
    }
    let mut ordered = Vec::with_capacity(these.len() + others.len());
    while !these.is_empty() || !others.is_empty() {
        ordered.extend(these.pop_front());
        ordered.extend(others.pop_front());
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    fn id(index: u32) -> ConnectionId {
        ConnectionId { index, generation: 0 }
    }

    #[test]
    fn families_alternate_and_repetitions_go() {
        let parse =
            |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let given = parse(&["[::1]:1", "[::2]:1", "[::1]:1", "[::3]:1", "1.1.1.1:1", "1.1.1.2:1"]);
        let expected = parse(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "1.1.1.2:1", "[::3]:1"]);
        assert_eq!(interleave(given.into_iter()), expected);
    }

    #[test]
    fn names_are_resolved_elsewhere() {
        let (told, news) = mpsc::channel();
        let mut resolver = Resolver::new(8);
        for (index, host) in ["127.0.0.1", "localhost", "no such host", "bad\0name"].into_iter().enumerate() {
            let told = told.clone();
            assert!(resolver.resolve(id(index as u32), host.into(), 80, move || told.send(()).unwrap()));
        }
        let mut answers: Vec<_> = (0..4)
            .map(|_| {
                news.recv().unwrap();
                resolver.answer().unwrap()
            })
            .collect();
        answers.sort_by_key(|(id, _)| id.index);
        assert_eq!(answers[0].1, ["127.0.0.1:80".parse().unwrap()]);
        assert!(answers[1].1.iter().all(|address| address.ip().is_loopback()));
        assert_eq!((&answers[2].1, &answers[3].1), (&vec![], &vec![]));
    }

    #[test]
    fn no_more_names_wait_than_allowed() {
        let (told, news) = mpsc::channel();
        let mut resolver = Resolver::new(1);
        // Every thread is kept from the next name by what it is to tell.
        let mut held = Vec::new();
        for index in 0..THREADS as u32 {
            let (release, released) = mpsc::channel::<()>();
            held.push(release);
            let told = told.clone();
            let notify = move || {
                told.send(()).unwrap();
                let _ = released.recv();
            };
            assert!(resolver.resolve(id(index), "127.0.0.1".into(), 80, notify));
            news.recv().unwrap();
        }
        assert!(resolver.resolve(id(8), "127.0.0.1".into(), 80, move || told.send(()).unwrap()));
        assert!(!resolver.resolve(id(9), "127.0.0.1".into(), 80, || ()));
        drop(held);
        news.recv().unwrap();
        assert!(resolver.resolve(id(9), "127.0.0.1".into(), 80, || ()));
    }
}
