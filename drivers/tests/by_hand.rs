//! Links without the loop: what another program's loop has to do.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use app::{Closed, ConnectionId};
use common::*;
use drivers::{Interest, Limits, Link, Origin, Turn, Workspace};
use proto_core::{Instant, Reason};
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::time::Duration;

struct Bench {
    service: Test,
    workspace: Workspace,
    link: Link<Conn>,
    peer: UnixStream,
}

fn bench(role: Role, limits: Limits) -> Bench {
    let (ours, peer) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    peer.set_nonblocking(true).unwrap();
    let mut service = Test::server(role);
    let mut workspace = Workspace::new(limits, &service);
    let id = ConnectionId { index: 5, generation: 2 };
    let origin = Origin { socket: ours.into(), id, listener: Some(1), peer: None };
    let link = Link::accepted(origin, None, &mut service, &mut workspace, Instant(0)).unwrap();
    Bench { service, workspace, link, peer }
}

impl Bench {
    fn turn(&mut self, now: u64) -> Turn {
        self.link.turn(&mut self.service, &mut self.workspace, Instant::from_millis(now))
    }

    fn interest(&self) -> Interest {
        self.link.interest(&self.service)
    }
}

#[test]
fn a_link_asks_for_what_it_needs() {
    let mut bench = bench(Role::Echo, limits());
    assert_eq!((bench.service.links[0].id.index, bench.service.links[0].listener), (5, Some(1)));
    assert_eq!(bench.turn(0), Turn::Wait);
    assert_eq!(bench.interest(), Interest { readable: true, writable: false });
    assert_eq!(bench.link.poll_timeout(&bench.service), None);

    // Readiness that was not reported is not tried for.
    bench.peer.write_all(b"hello").unwrap();
    assert_eq!(bench.turn(1), Turn::Wait);
    assert_eq!(bench.workspace.stats().bytes_in, 0);
    bench.link.on_ready(true, false);
    assert_eq!(bench.turn(1), Turn::Wait);
    let mut got = [0; 5];
    bench.peer.read_exact(&mut got).unwrap();
    assert_eq!(&got, b"hello");

    bench.peer.shutdown(std::net::Shutdown::Write).unwrap();
    bench.link.on_ready(true, true);
    assert_eq!(bench.turn(2), Turn::Over);
    assert_eq!(bench.service.closed(0), Some(Closed::Done));
}

#[test]
fn a_stuck_link_waits_for_room_until_its_deadline() {
    let mut bench = bench(Role::Flood, Limits { send_progress: Duration::from_millis(50), ..limits() });
    while bench.turn(10) == Turn::Again {}
    assert_eq!(bench.interest(), Interest { readable: false, writable: true });
    let deadline = bench.link.poll_timeout(&bench.service).unwrap();
    assert_eq!((deadline.at, deadline.reason), (Instant::from_millis(60), Reason::SendProgress));

    // The peer takes a little, not all that waits: the deadline moves.
    let taken = bench.workspace.stats().bytes_out;
    while bench.workspace.stats().bytes_out == taken {
        assert!(bench.peer.read(&mut [0; 1024]).unwrap() > 0);
        bench.link.on_ready(false, true);
        assert_eq!(bench.turn(59), Turn::Wait);
    }
    assert_eq!(bench.link.poll_timeout(&bench.service).unwrap().at, Instant::from_millis(109));

    // It takes nothing more: nothing happens before the deadline, and the end at it.
    bench.link.on_ready(false, true);
    assert_eq!(bench.turn(108), Turn::Wait);
    assert_eq!(bench.turn(109), Turn::Over);
    assert_eq!(bench.service.closed(0), Some(Closed::Timeout(Reason::SendProgress)));
}

#[test]
fn a_link_that_is_taken_from_too_slowly_has_the_time_that_its_bytes_are_worth() {
    // At a million bytes a second a byte is worth a microsecond.
    let limits = Limits { send_progress: Duration::from_millis(50), send_rate: 1_000_000, ..limits() };
    let mut bench = bench(Role::Flood, limits);
    while bench.turn(10) == Turn::Again {}
    let taken = bench.workspace.stats().bytes_out;
    while bench.workspace.stats().bytes_out == taken {
        assert!(bench.peer.read(&mut [0; 1024]).unwrap() > 0);
        bench.link.on_ready(false, true);
        assert_eq!(bench.turn(59), Turn::Wait);
    }
    let moved = bench.workspace.stats().bytes_out - taken;
    assert!(moved < 49_000, "{moved} would reach further than the limit");
    let at = bench.link.poll_timeout(&bench.service).unwrap().at;
    assert_eq!(at.as_micros(), 60_000 + moved);
}

#[test]
fn a_lingering_link_ends_with_its_peer_or_its_deadline() {
    for peer_closes in [true, false] {
        let mut bench = bench(Role::Blurt(b"bye".to_vec()), limits());
        assert_eq!(bench.turn(0), Turn::Wait);
        assert!(bench.link.is_lingering() && bench.link.connection_mut().is_none());
        assert_eq!(bench.service.closed(0), Some(Closed::Done));
        let deadline = bench.link.poll_timeout(&bench.service).unwrap();
        assert_eq!((deadline.at, deadline.reason), (Instant::from_millis(200), Reason::Close));
        bench.peer.write_all(b"still talking").unwrap();
        bench.link.on_ready(true, false);
        assert_eq!(bench.turn(199), Turn::Wait);
        if peer_closes {
            drop(bench.peer.shutdown(std::net::Shutdown::Both));
            bench.link.on_ready(true, true);
            assert_eq!(
                bench.link.turn(&mut bench.service, &mut bench.workspace, Instant::from_millis(199)),
                Turn::Over
            );
        } else {
            assert_eq!(bench.turn(200), Turn::Over);
        }
    }
}

#[test]
fn a_full_turn_gives_way() {
    let mut bench = bench(Role::Echo, Limits { buffer: 32_768, ..limits() });
    // Twice what one turn reads.
    let sent = pattern(131_072);
    assert_eq!(bench.peer.write(&sent).unwrap(), sent.len());
    bench.link.on_ready(true, true);
    assert_eq!(bench.turn(0), Turn::Again);
    assert_eq!(bench.workspace.stats().bytes_in, 65_536);
    bench.link.close(&mut bench.service, &mut bench.workspace, Closed::Shutdown);
    assert_eq!(bench.service.closed(0), Some(Closed::Shutdown));
}

#[test]
fn whatever_the_pieces_the_same_bytes_come_back() {
    let sent = pattern(400_000);
    for seed in 1..60_u64 {
        let mut bench = bench(Role::Echo, Limits { buffer: 1 << (15 + seed % 3), ..limits() });
        let mut random = seed;
        let mut below = |bound: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) as usize % bound + 1
        };
        let largest = [10_000, 70_000, 400_000][seed as usize % 3];
        let (mut given, mut got) = (0, Vec::new());
        for step in 0..10_000 {
            let piece = &sent[given..sent.len().min(given + below(largest))];
            given += bench.peer.write(piece).unwrap_or(0);
            let mut room = vec![0; below(largest)];
            let len = bench.peer.read(&mut room).unwrap_or(0);
            got.extend_from_slice(&room[..len]);
            bench.link.on_ready(below(4) > 1, below(4) > 1);
            assert_ne!(bench.turn(step), Turn::Over);
            if got.len() == sent.len() {
                break;
            }
        }
        assert!(got == sent, "seed {seed}: {} of {} bytes", got.len(), sent.len());
    }
}

#[test]
fn an_idle_link_is_small() {
    // A table of a million of them is what it costs to have a million peers, besides what the service keeps.
    let size = size_of::<Link<()>>();
    assert!(size <= 128, "{size}");
    let bench = bench(Role::Echo, limits());
    let _ = bench.link.as_fd();
}
