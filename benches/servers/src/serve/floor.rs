//! The floor: a loop that counts bytes and answers without looking at them, one port for each case.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, SocketFlags, sockopt};

use super::announce;
use crate::case::ALL;

struct Blind {
    request: usize,
    answer: usize,
    /// As many answers as may be due at a time.
    answers: Vec<u8>,
}

struct Peer {
    socket: OwnedFd,
    case: usize,
    /// Bytes of a request that is not complete.
    begun: usize,
    /// Bytes of answers that are due, and where in `answers` they begin.
    due: usize,
    at: usize,
}

pub(super) fn run() -> io::Result<()> {
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    let (mut listeners, mut blind, mut ports) = (Vec::new(), Vec::new(), Vec::new());
    for case in ALL.iter().filter(|case| case.has_floor()) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        rustix::net::listen(&listener, 4096)?;
        listener.set_nonblocking(true)?;
        sockopt::set_tcp_nodelay(&listener, true)?;
        ports.push(listener.local_addr()?.port());
        epoll::add(&epoll, &listener, EventData::new_u64(listeners.len() as u64), EventFlags::IN)?;
        listeners.push(listener);
        let (request, answer) = (case.request(), case.blind_answer());
        let answers = answer.repeat(case.depth);
        blind.push(Blind { request: request.len(), answer: answer.len(), answers });
    }
    announce(&ports)?;

    let mut peers: Vec<Option<Peer>> = Vec::new();
    let mut events = Vec::with_capacity(1024);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        events.clear();
        match epoll::wait(&epoll, rustix::buffer::spare_capacity(&mut events), None) {
            Err(Errno::INTR) => continue,
            waited => waited?,
        };
        for event in &events {
            let Event { data, .. } = *event;
            let index = data.u64() as usize;
            if let Some(listener) = listeners.get(index) {
                let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
                while let Ok(socket) = rustix::net::accept_with(listener, flags) {
                    let place = peers.iter().position(Option::is_none).unwrap_or(peers.len());
                    let data = EventData::new_u64((listeners.len() + place) as u64);
                    epoll::add(&epoll, &socket, data, EventFlags::IN | EventFlags::OUT | EventFlags::ET)?;
                    let peer = Some(Peer { socket, case: index, begun: 0, due: 0, at: 0 });
                    if place == peers.len() { peers.push(peer) } else { peers[place] = peer }
                }
                continue;
            }
            let index = index - listeners.len();
            if let Some(peer) = &mut peers[index]
                && !serve(peer, &blind[peer.case], &mut buffer)
            {
                peers[index] = None;
            }
        }
    }
}

/// Reads what is there and sends what is due; false when the peer is gone.
fn serve(peer: &mut Peer, blind: &Blind, buffer: &mut [u8]) -> bool {
    loop {
        let len = match rustix::net::recv(peer.socket.as_fd(), &mut *buffer, RecvFlags::empty()) {
            Ok((0, _)) => return false,
            Ok((len, _)) => len,
            Err(Errno::AGAIN) => 0,
            Err(_) => return false,
        };
        peer.begun += len;
        peer.due += peer.begun / blind.request * blind.answer;
        peer.begun %= blind.request;
        while peer.due > 0 {
            let piece = &blind.answers[peer.at..blind.answers.len().min(peer.at + peer.due)];
            match rustix::net::send(peer.socket.as_fd(), piece, SendFlags::NOSIGNAL) {
                Ok(sent) => {
                    peer.due -= sent;
                    peer.at = (peer.at + sent) % blind.answers.len();
                }
                Err(Errno::AGAIN) => break,
                Err(_) => return false,
            }
        }
        if len < buffer.len() {
            return true;
        }
    }
}
