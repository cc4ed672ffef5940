//! One connection in somebody else's loop, here the plainest there is: `poll(2)` on one descriptor.
//!
//! `cargo run -p drivers --example by_hand` waits for a connection on 127.0.0.1:7690 (try `nc 127.0.0.1 7690`), sends
//! every line back in capitals, hangs up after `bye` or ten seconds of silence, and ends.

use std::net::TcpListener;
use std::os::fd::AsFd as _;
use std::time::Duration;

use app::{Action, Closed, ConnectionId, FileError, FileId, FileMeta, LinkInfo, Service, Target, Wake};
use drivers::{Limits, Link, Origin, Turn, Workspace};
use proto_core::{Deadline, Instant, Reason, Wants, WriteBuf};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

const SILENCE: Duration = Duration::from_secs(10);

fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:7690")?;
    println!("waiting on {}", listener.local_addr()?);
    let (socket, peer) = listener.accept()?;
    socket.set_nonblocking(true)?;

    let start = clock();
    let now = || Instant::ZERO + (clock() - start);
    let mut service = Shout;
    let mut workspace = Workspace::new(Limits::default(), &service);
    let id = ConnectionId { index: 0, generation: 0 };
    let origin = Origin { socket: socket.into(), id, listener: Some(0), peer: Some(peer) };
    let Some(mut link) = Link::accepted(origin, None, &mut service, &mut workspace, now()) else {
        return Ok(());
    };
    loop {
        match link.turn(&mut service, &mut workspace, now()) {
            Turn::Over => break,
            Turn::Again => continue,
            Turn::Wait => {}
        }
        let interest = link.interest(&service);
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, interest.readable);
        flags.set(PollFlags::OUT, interest.writable);
        let patience = link.poll_timeout(&service).map(|deadline| deadline.at - now());
        let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
        let (readable, writable, broken) = {
            let socket = link.as_fd();
            let mut polled = [PollFd::from_borrowed_fd(socket, flags)];
            poll(&mut polled, patience.as_ref())?;
            let found = polled[0].revents();
            (found.contains(PollFlags::IN), found.contains(PollFlags::OUT), found.contains(PollFlags::ERR))
        };
        link.on_ready(readable, writable);
        if broken {
            link.on_hangup(true);
        }
    }
    println!("{:?}", workspace.stats());
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "whoever owns the loop owns the clock")]
fn clock() -> std::time::Instant {
    std::time::Instant::now()
}

struct Shout;

struct Peer {
    now: Instant,
    heard: Instant,
    done: bool,
}

impl Service for Shout {
    type Connection = Peer;
    type Message = ();

    fn accept(&mut self, _: &LinkInfo, now: Instant) -> Option<Peer> {
        Some(Peer { now, heard: now, done: false })
    }

    fn receive(&mut self, peer: &mut Peer, input: &mut [u8], _: &mut [u8], out: &mut WriteBuf<'_>) -> usize {
        peer.heard = peer.now;
        let mut taken = 0;
        while let Some(end) = input[taken..].iter().position(|&byte| byte == b'\n') {
            let line = &mut input[taken..=taken + end];
            if out.room() < line.len() {
                break;
            }
            peer.done |= line == b"bye\n";
            line.make_ascii_uppercase();
            let _ = out.put(line);
            taken += end + 1;
        }
        // A line longer than this has no end worth waiting for.
        peer.done |= input.len() - taken >= self.min_input();
        taken
    }

    fn receive_eof(&mut self, peer: &mut Peer, _: &mut WriteBuf<'_>) {
        peer.done = true;
    }

    fn transmit(&mut self, _: &mut Peer, _: &mut WriteBuf<'_>) {}

    fn wants(&self, peer: &Peer) -> Wants {
        Wants { read: !peer.done, write: false, close: peer.done }
    }

    fn poll_timeout(&self, peer: &Peer) -> Option<Deadline> {
        Some(Deadline::new(peer.heard + SILENCE, Reason::KeepAlive))
    }

    fn handle_timeout(&mut self, peer: &mut Peer, now: Instant) {
        peer.now = now;
        peer.done |= now >= peer.heard + SILENCE;
    }

    fn closed(&mut self, _: Peer, why: Closed) {
        println!("closed: {why:?}");
    }

    fn min_input(&self) -> usize {
        1024
    }

    fn min_output(&self) -> usize {
        1024
    }

    // Not used here: outgoing connections, files, wake-ups, drains.
    fn poll_connect(&mut self) -> Option<(Target, Peer)> {
        None
    }
    fn connected(&mut self, _: &mut Peer, _: &LinkInfo, _: Instant) {}
    fn poll_action(&mut self, _: &mut Peer) -> Option<Action> {
        None
    }
    fn file_opened(&mut self, _: &mut Peer, _: u32, _: Result<(FileId, FileMeta), FileError>) {}
    fn file_data(&mut self, _: &mut Peer, _: u32, _: Result<&[u8], FileError>, _: &mut WriteBuf<'_>) {}
    fn woken(&mut self, (): (), _: Instant) {}
    fn poll_wake(&mut self) -> Option<Wake> {
        None
    }
    fn wake(&mut self, _: &mut Peer, _: Wake) -> bool {
        false
    }
    fn drain(&mut self, peer: &mut Peer, _: Instant) {
        peer.done = true;
    }
}
