//! What links ask of the ring, and what its answers mean to them.

use std::io::IoSlice;
use std::os::fd::OwnedFd;

use ::io_uring::types::Fd;
use ::io_uring::{cqueue, opcode};
use app::Closed;
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::SendFlags;

use super::buffers::Lent;
use super::port::{
    BULK, CALLED_OFF, End, Key, NOBODY, Port, READY, RECEIVE, ROOM, Retired, SEND, UNDER_WAY, WATCH,
};
use super::{Answer, CANCEL, Done, GROUP, Ring, bits, name};
use crate::limits::Stats;
use crate::link::{Eof, Hangup, Interest, Ready};
use crate::pool::{Buffer, Pool};
use crate::socket;

/// Output up to this long is sent from a small block by the ring; what is longer is sent by a system call, and by the
/// ring only as far as the socket has no room for it yet. Likewise a peer that fills a block of the ring is read from
/// by system calls, until one brings no more than this.
///
/// Many bytes are cheapest when they go through one block that stays in the cache. By the ring they would go through
/// as many blocks as there are answers at a time, and that costs more than the system calls it saves.
const SMALL: usize = 4096;
/// How many blocks may wait to be taken by their link before the kernel is to fill no more: it has at most as many under
/// way as the ring has.
const UNTAKEN: usize = 16;

impl Ring {
    /// Puts a socket on the ring.
    pub(crate) fn attach(&mut self, socket: &OwnedFd, ready: &mut Ready) -> std::io::Result<()> {
        // The ring waits by itself. A socket that does not block would have it answer that it would.
        rustix::io::ioctl_fionbio(socket, false)?;
        // The first read is direct: often there is input by the time a connection is accepted.
        ready.port.set(BULK);
        Ok(())
    }

    /// Has the kernel send what waits, and sees to it that input is received, or, if none is wanted, that breaks are
    /// noticed; and that room is, for what the ring does not send. What happens is reported for `place`.
    pub(crate) fn settle(&mut self, socket: &OwnedFd, ready: &mut Ready, place: u32, interest: Interest) {
        self.begin_fetch(place);
        let key = Key::new(socket, place);
        let port = &mut ready.port;
        if ready.sending && !port.has(SEND) {
            self.hand_over(key, port);
        }
        let lacks_room = interest.writable && !ready.writable && !ready.sending;
        if lacks_room && ready.hangup != Hangup::Both && !port.has(ROOM) {
            self.poll(key, port, PollFlags::OUT, ROOM);
        }
        if !interest.readable {
            if port.has(RECEIVE | READY) {
                // It would go on filling blocks, or telling, for a peer that floods a connection which does not read.
                self.call_off_input(key, port);
            } else if !port.has(WATCH) {
                self.poll(key, port, PollFlags::ERR | PollFlags::HUP, WATCH);
            }
        } else if port.has(READY) && !port.has(BULK) {
            self.call_off_input(key, port);
        } else if port.has(RECEIVE) && self.works.blocks(*port) > UNTAKEN {
            // More than is taken: the rest has to wait in the socket.
            port.set(BULK);
            self.call_off_input(key, port);
        } else if !port.has(RECEIVE | READY) && !self.works.has_input(*port) {
            match port.has(BULK) {
                true if ready.readable => {} // the next turn goes on reading
                true => self.poll(key, port, PollFlags::IN | PollFlags::RDHUP, READY),
                false => self.receive(key, port),
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
        let directly = ready.port.has(BULK) && !ready.port.has(RECEIVE);
        if directly && !self.works.has_input(ready.port) {
            let mut block = pool.take();
            let most = self.faults.length(most.min(block.input_room()));
            let read = socket::read(socket, ready, stats, block.spare().split_at_mut(most).0);
            if matches!(read, Ok(Some(..SMALL))) && !ready.readable {
                ready.port.clear(BULK);
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
        let Some(work) = self.works.of(ready.port) else { return Ok(None) };
        let Some(mut block) = work.input.pop_front() else {
            return match work.end {
                None => Ok(None),
                Some(End::Input) => {
                    (ready.readable, ready.eof) = (false, Eof::Come);
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
        ready.readable |= work.has_input();
        self.works.rest(&mut ready.port);
        Ok(Some(block))
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
            let Some(work) = self.works.begin(&mut ready.port) else { return Err(Closed::Limit) };
            work.waiting = Some(output);
            (ready.writable, ready.sending) = (false, true);
        }
        Ok((moved, left))
    }

    /// Sends of `blocks` what the socket takes, and says how much that is; 0 when it takes no more for now.
    pub(crate) fn send_blocks(
        &mut self,
        socket: &OwnedFd,
        ready: &mut Ready,
        (pool, stats): (&mut Pool, &mut Stats),
        blocks: &[IoSlice<'_>],
    ) -> Result<usize, Closed> {
        let total = blocks.iter().map(|block| block.len()).sum();
        let most = self.faults.length(total);
        if total > SMALL && most == total {
            return socket::write_blocks(socket, ready, stats, blocks);
        }
        let mut output = pool.take();
        let taken = blocks.iter().map(|block| output.append(block)).sum();
        self.send(socket, ready, (pool, stats), output, false)?;
        Ok(taken)
    }

    /// Closes a socket once nothing is under way on it any more, and has what is under way end.
    pub(crate) fn retire(&mut self, socket: OwnedFd, ready: &Ready, place: u32, pool: &mut Pool) {
        self.fetches.forget();
        let (key, mut port) = (Key::new(&socket, place), ready.port);
        self.hand_over(key, &mut port);
        if let Some(work) = self.works.of(port) {
            work.input.drain(..).for_each(|input| pool.give(input));
            work.end = None;
            self.works.rest(&mut port);
        }
        if port.has(UNDER_WAY) {
            for operation in [RECEIVE, SEND, WATCH, READY, ROOM] {
                if port.has(operation) {
                    self.call_off(operation, key);
                }
            }
            self.retired.insert(key.fd, Retired { socket, port });
        }
    }

    /// Takes what the kernel answers about the socket of a link that is gone, and closes it after the last answer.
    pub(super) fn answered_late(
        &mut self,
        operation: u8,
        key: Key,
        answer: Answer,
        pool: &mut Pool,
        stats: &mut Stats,
    ) {
        if operation == RECEIVE
            && let Some(block) = self.block(answer)
        {
            pool.give(block);
        }
        let Some(Retired { port, .. }) = self.retired.get_mut(&key.fd) else { return };
        if operation == SEND
            && let Some(lent) = self.works.of(*port).and_then(|work| work.output.take())
        {
            count_sent(answer.result, stats);
            // SAFETY: the send that was under way has been answered, and no other was begun.
            pool.give(unsafe { lent.reclaim() });
            self.works.rest(port);
        }
        if !cqueue::more(answer.flags) {
            port.finish(operation);
        }
        if !port.has(UNDER_WAY) {
            self.retired.remove(&key.fd);
        }
    }

    /// The block that the kernel has filled, if it did.
    fn block(&mut self, answer: Answer) -> Option<Buffer> {
        let number = cqueue::buffer_select(answer.flags)?;
        // SAFETY: number and length are the kernel's, from a completion that is looked at once.
        unsafe { self.buffers.take(number, answer.result.max(0) as u32) }
    }

    pub(super) fn received(
        &mut self,
        key: Key,
        port: &mut Port,
        answer: Answer,
        pool: &mut Pool,
        stats: &mut Stats,
    ) -> Option<Done> {
        let news = Some(Done::Input(key.place));
        let end = match (answer.result, self.block(answer)) {
            (1.., Some(block)) => {
                stats.bytes_in += block.len() as u64;
                if block.room() == 0 && !port.has(BULK) {
                    port.set(BULK);
                    self.call_off_input(key, port);
                }
                let Some(work) = self.works.begin(port) else { return Some(Done::Broken(key.place)) };
                work.input.push_back(block);
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
        if let Some(work) = self.works.begin(port) {
            work.end = Some(end);
        }
        Some(if end == End::Both { Done::Broken(key.place) } else { Done::Input(key.place) })
    }

    pub(super) fn sent(
        &mut self,
        key: Key,
        port: &mut Port,
        answer: Answer,
        pool: &mut Pool,
        stats: &mut Stats,
    ) -> Option<Done> {
        let (result, place) = (answer.result, key.place);
        let mut lent = self.works.of(*port)?.output.take()?;
        count_sent(result, stats);
        lent.consume(result.max(0) as u32);
        let again = result > 0 || is_passing(result);
        if again && lent.len() > 0 {
            self.transmit(key, port, lent);
            return (result > 0).then_some(Done::Sent(place, result as u64, false));
        }
        // SAFETY: the send that was under way has been answered, and no other was begun.
        pool.give(unsafe { lent.reclaim() });
        self.works.rest(port);
        Some(if again { Done::Sent(place, result.max(0) as u64, true) } else { Done::Broken(place) })
    }

    fn receive(&mut self, key: Key, port: &mut Port) {
        port.set(RECEIVE);
        self.ask(opcode::RecvMulti::new(Fd(key.fd), GROUP).build(), RECEIVE, key);
    }

    /// There is at most one of the two.
    fn call_off_input(&mut self, key: Key, port: &mut Port) {
        if port.has(RECEIVE | READY) && !port.has(CALLED_OFF) {
            port.set(CALLED_OFF);
            self.call_off(if port.has(RECEIVE) { RECEIVE } else { READY }, key);
        }
    }

    fn call_off(&mut self, operation: u8, key: Key) {
        self.ask(opcode::AsyncCancel::new(name(operation, key)).build(), CANCEL, NOBODY);
    }

    fn poll(&mut self, key: Key, port: &mut Port, events: PollFlags, operation: u8) {
        port.set(operation);
        // Input is told of until that is called off: asking anew for each would cost more than it does over epoll.
        let poll = opcode::PollAdd::new(Fd(key.fd), bits(events)).multi(operation == READY);
        self.ask(poll.build(), operation, key);
    }

    /// Has the kernel send what waits for it.
    fn hand_over(&mut self, key: Key, port: &mut Port) {
        if let Some(output) = self.works.of(*port).and_then(|work| work.waiting.take()) {
            self.transmit(key, port, Lent::new(output));
        }
    }

    fn transmit(&mut self, key: Key, port: &mut Port, output: Lent) {
        let flags = SendFlags::NOSIGNAL.bits() as i32;
        let len = self.faults.length(output.len() as usize) as u32;
        let send = opcode::Send::new(Fd(key.fd), output.as_ptr(), len).flags(flags).build();
        if let Some(work) = self.works.of(*port) {
            work.output = Some(output);
            port.set(SEND);
            self.ask(send, SEND, key);
        }
    }
}

pub(super) fn watched(key: Key, answer: Answer) -> Option<Done> {
    let broken = answer.result > 0 && answer.result as u32 & bits(PollFlags::ERR) != 0;
    broken.then_some(Done::Broken(key.place))
}

/// What a poll for input has seen. With the end on its way nothing else will tell of it.
pub(super) fn told_of_input(key: Key, answer: Answer) -> Done {
    let ends = bits(PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR);
    if answer.result > 0 && answer.result as u32 & ends != 0 {
        Done::Hangup(key.place)
    } else {
        Done::Input(key.place)
    }
}

fn count_sent(result: i32, stats: &mut Stats) {
    if result > 0 {
        stats.bytes_out += result as u64;
        stats.writes += 1;
    }
}

/// Whether an operation has failed for a reason that will not last. There is no block when all of them are in use; they
/// are offered again before the next wait.
fn is_passing(result: i32) -> bool {
    const PASSING: [Errno; 4] = [Errno::INTR, Errno::AGAIN, Errno::CANCELED, Errno::NOBUFS];
    PASSING.iter().any(|errno| -errno.raw_os_error() == result)
}
