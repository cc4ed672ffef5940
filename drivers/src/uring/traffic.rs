//! What links ask of the ring, and what its answers mean to them.

use std::os::fd::OwnedFd;

use ::io_uring::types::Fd;
use ::io_uring::{cqueue, opcode};
use app::Closed;
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::SendFlags;

use super::buffers::Lent;
use super::port::{
    ATTACHED, BULK, CALLED_OFF, End, Key, NOBODY, READY, RECEIVE, ROOM, SEND, UNDER_WAY, WATCH,
};
use super::{Answer, CANCEL, Done, GROUP, Ring, bits, name};
use crate::limits::Stats;
use crate::link::{Hangup, Interest, Ready};
use crate::pool::{Buffer, Pool};
use crate::socket;

/// Output up to this long is sent from a small block by the ring; what is longer is sent by a system call, and by the
/// ring only as far as the socket has no room for it yet. Likewise a peer that fills a block of the ring is read from
/// by system calls, until one brings no more than this.
///
/// Many bytes are cheapest when they go through one block that stays in the cache. By the ring they would go through
/// as many blocks as there are answers at a time, and that costs more than the system calls it saves.
const SMALL: usize = 4096;

impl Ring {
    /// Puts a socket on the ring; its events are reported for `place`.
    pub(crate) fn attach(&mut self, socket: &OwnedFd, ready: &mut Ready, place: u32) -> std::io::Result<()> {
        // The ring waits by itself. A socket that does not block would have it answer that it would.
        rustix::io::ioctl_fionbio(socket, false)?;
        ready.port = self.ports.attach(place).ok_or(std::io::ErrorKind::OutOfMemory)?;
        Ok(())
    }

    /// Sees to it that input is received, or, if none is wanted, that breaks are noticed; and that room is, for what
    /// the ring does not send.
    pub(crate) fn settle(&mut self, socket: &OwnedFd, ready: Ready, interest: Interest) {
        let key = Key::new(socket, &ready);
        let Some(&mut port) = self.ports.port(key.port) else { return };
        let lacks_room = interest.writable && !ready.writable && !ready.sending;
        if lacks_room && ready.hangup != Hangup::Both && !port.has(ROOM) {
            self.poll(key, PollFlags::OUT, ROOM);
        }
        if !interest.readable {
            if port.has(RECEIVE) {
                // It would go on filling blocks for a peer that floods a connection which does not read.
                self.call_off_receive(key);
            } else if !port.has(WATCH) {
                self.poll(key, PollFlags::ERR | PollFlags::HUP, WATCH);
            }
        } else if self.ports.is_idle(key.port) {
            match port.has(BULK) {
                true if ready.readable => {} // the next turn goes on reading
                true => self.poll(key, PollFlags::IN | PollFlags::RDHUP, READY),
                false => self.receive(key),
            }
        }
    }

    /// What was received, at most `most` bytes of it. `None`: nothing is there now, or nothing will come.
    pub(crate) fn take(
        &mut self,
        socket: &OwnedFd,
        ready: &mut Ready,
        (pool, stats): (&mut Pool, &mut Stats),
        most: usize,
    ) -> Result<Option<Buffer>, Closed> {
        let number = ready.port;
        if self.reads_directly(number) {
            let mut block = pool.take();
            let most = self.faults.length(most.min(block.input_room()));
            let read = socket::read(socket, ready, stats, block.spare().split_at_mut(most).0);
            if !matches!(read, Ok(Some(SMALL..)))
                && let Some(port) = self.ports.port(number)
                && !ready.readable
            {
                port.clear(BULK);
            }
            if let Ok(Some(len)) = read {
                block.filled_more(len);
                return Ok(Some(block));
            }
            pool.give(block);
            return read.map(|_| None);
        }
        // Whoever is hung up on looks until there is an end.
        ready.readable = ready.hangup != Hangup::No;
        let Some(work) = self.ports.work(number) else { return Ok(None) };
        let Some(mut block) = work.input.pop_front() else {
            return match work.end {
                None => Ok(None),
                Some(End::Input) => {
                    (ready.readable, ready.eof) = (false, true);
                    Ok(None)
                }
                Some(End::Both) => Err(Closed::Reset),
            };
        };
        if block.len() > most {
            let mut part = pool.take();
            let len = part.append(&block.filled()[..most]);
            block.consume(len);
            work.input.push_front(block);
            block = part;
        }
        ready.readable |= !work.input.is_empty() || work.end.is_some();
        self.ports.rest(number);
        Ok(Some(block))
    }

    /// Whether input of a peer that sends much is to be read now by a system call.
    fn reads_directly(&mut self, number: u32) -> bool {
        let empty = self.ports.work(number).is_none_or(|work| work.input.is_empty() && work.end.is_none());
        empty && self.ports.port(number).is_some_and(|port| port.has(BULK) && !port.has(RECEIVE))
    }

    /// Sends `output`, at once if a system call is to follow that `continues` it: says how many bytes the socket has
    /// taken, and whether any are left. Those are with the ring, and nothing more can be sent until it is done with
    /// them.
    pub(crate) fn send(
        &mut self,
        socket: &OwnedFd,
        ready: &mut Ready,
        (pool, stats): (&mut Pool, &mut Stats),
        mut output: Buffer,
        continues: bool,
    ) -> Result<(u64, bool), Closed> {
        let mut moved = 0;
        if output.len() > SMALL || continues {
            let most = self.faults.length(output.len());
            match socket::write(socket, ready, stats, &output.filled()[..most]) {
                Ok(len) => {
                    output.consume(len);
                    moved = len as u64;
                }
                Err(why) => {
                    pool.give(output);
                    return Err(why);
                }
            }
        }
        let output = if output.len() <= SMALL { pool.keep(output) } else { Some(output) };
        let left = output.is_some();
        if let Some(output) = output {
            (ready.writable, ready.sending) = (false, true);
            self.transmit(Key::new(socket, ready), Lent::new(output));
        }
        Ok((moved, left))
    }

    /// Closes a socket once nothing is under way on it any more, and has what is under way end.
    pub(crate) fn retire(&mut self, socket: OwnedFd, ready: &Ready, pool: &mut Pool) {
        let key = Key::new(&socket, ready);
        let Some(port) = self.ports.port(key.port) else { return };
        port.clear(ATTACHED);
        let flags = port.flags();
        let Some(work) = self.ports.begin(key.port) else { return };
        work.retired = Some(socket);
        self.retiring += 1;
        if flags & UNDER_WAY == 0 {
            return self.release(key.port, pool);
        }
        let all = [RECEIVE, SEND, WATCH, READY, ROOM];
        for operation in all.into_iter().filter(|operation| flags & operation != 0) {
            self.call_off(operation, key);
        }
    }

    /// Closes the socket of a retired port that nothing is under way on.
    pub(super) fn release(&mut self, number: u32, pool: &mut Pool) {
        if self.ports.port(number).is_some_and(|port| !port.has(UNDER_WAY))
            && let Some(work) = self.ports.work(number)
        {
            work.input.drain(..).for_each(|input| pool.give(input));
            (work.end, work.retired) = (None, None);
            self.retiring -= 1;
            self.ports.rest(number);
            self.ports.detach(number);
        }
    }

    pub(super) fn received(
        &mut self,
        key: Key,
        answer: Answer,
        pool: &mut Pool,
        stats: &mut Stats,
    ) -> Option<Done> {
        let Answer { result, flags, .. } = answer;
        // SAFETY: number and length are the kernel's, from a completion that is looked at once.
        let block = cqueue::buffer_select(flags)
            .and_then(|number| unsafe { self.buffers.take(number, result.max(0) as u32) });
        let &mut port = self.ports.port(key.port)?;
        let news = Some(Done::Input(port.place()));
        if self.ports.is_retired(key.port) {
            block.into_iter().for_each(|block| pool.give(block));
            return None;
        }
        let end = match (result, block) {
            (1.., Some(block)) => {
                stats.bytes_in += block.len() as u64;
                if block.room() == 0 && !port.has(BULK) {
                    self.ports.port(key.port)?.set(BULK);
                    self.call_off_receive(key);
                }
                self.ports.begin(key.port)?.input.push_back(block);
                return news;
            }
            (0, block) => {
                block.into_iter().for_each(|block| pool.give(block));
                End::Input
            }
            // The next turn of the link sees to it that it goes on, if it is to.
            (error, _) if is_passing(error) => return news,
            _ => End::Both,
        };
        self.ports.begin(key.port)?.end = Some(end);
        Some(if end == End::Both { Done::Broken(port.place()) } else { Done::Input(port.place()) })
    }

    pub(super) fn sent(
        &mut self,
        key: Key,
        answer: Answer,
        pool: &mut Pool,
        stats: &mut Stats,
    ) -> Option<Done> {
        let result = answer.result;
        let place = self.ports.port(key.port)?.place();
        let retired = self.ports.is_retired(key.port);
        let mut lent = self.ports.work(key.port)?.output.take()?;
        if result > 0 {
            stats.bytes_out += result as u64;
            stats.writes += 1;
            lent.consume(result as u32);
        }
        let again = result > 0 || is_passing(result);
        if again && lent.len() > 0 && !retired {
            self.transmit(key, lent);
            return (result > 0).then_some(Done::Sent(place, result as u64, false));
        }
        // SAFETY: the send that was under way has been answered, and no other was begun.
        pool.give(unsafe { lent.reclaim() });
        self.ports.rest(key.port);
        Some(if again { Done::Sent(place, result.max(0) as u64, true) } else { Done::Broken(place) })
    }

    pub(super) fn watched(&mut self, key: Key, answer: Answer) -> Option<Done> {
        let broken = answer.result > 0 && answer.result as u32 & bits(PollFlags::ERR) != 0;
        Some(Done::Broken(self.ports.port(key.port)?.place())).filter(|_| broken)
    }

    pub(super) fn receive(&mut self, key: Key) {
        self.ask(opcode::RecvMulti::new(Fd(key.fd), GROUP).build(), RECEIVE, key);
    }

    fn call_off_receive(&mut self, key: Key) {
        if let Some(port) = self.ports.port(key.port)
            && port.has(RECEIVE)
            && !port.has(CALLED_OFF)
        {
            port.set(CALLED_OFF);
            self.call_off(RECEIVE, key);
        }
    }

    fn call_off(&mut self, operation: u8, key: Key) {
        self.ask(opcode::AsyncCancel::new(name(operation, key)).build(), CANCEL, NOBODY);
    }

    fn poll(&mut self, key: Key, events: PollFlags, operation: u8) {
        self.ask(opcode::PollAdd::new(Fd(key.fd), bits(events)).build(), operation, key);
    }

    fn transmit(&mut self, key: Key, output: Lent) {
        let flags = SendFlags::NOSIGNAL.bits() as i32;
        let len = self.faults.length(output.len() as usize) as u32;
        let send = opcode::Send::new(Fd(key.fd), output.as_ptr(), len).flags(flags).build();
        if let Some(work) = self.ports.begin(key.port) {
            work.output = Some(output);
            self.ask(send, SEND, key);
        }
    }
}

/// Whether an operation has failed for a reason that will not last. There is no block when all of them are in use; they
/// are offered again before the next wait.
fn is_passing(result: i32) -> bool {
    const PASSING: [Errno; 4] = [Errno::INTR, Errno::AGAIN, Errno::CANCELED, Errno::NOBUFS];
    PASSING.iter().any(|errno| -errno.raw_os_error() == result)
}
