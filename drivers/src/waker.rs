use core::time::Duration;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::spread::Handed;

/// Sends messages to the service of another thread. It is the only part of a driver that threads share.
#[derive(Debug)]
pub struct Waker<M> {
    shared: Arc<Shared<M>>,
}

#[derive(Debug)]
struct Shared<M> {
    waker: mio::Waker,
    /// Something was put into the mailbox since the loop looked last.
    news: AtomicBool,
    mailbox: Mutex<Mailbox<M>>,
    capacity: usize,
}

#[derive(Debug)]
pub(crate) struct Mailbox<M> {
    pub(crate) messages: VecDeque<M>,
    pub(crate) drain: Option<Duration>,
    /// Connections that another thread has accepted for this one.
    pub(crate) handed: Vec<Handed>,
    /// A drain was asked for: no more of them.
    draining: bool,
    /// The loop is gone.
    closed: bool,
}

impl<M> Waker<M> {
    pub(crate) fn new(waker: mio::Waker, capacity: usize) -> Self {
        let mailbox = Mutex::new(Mailbox {
            messages: VecDeque::new(),
            drain: None,
            handed: Vec::new(),
            draining: false,
            closed: false,
        });
        Self { shared: Arc::new(Shared { waker, news: AtomicBool::new(false), mailbox, capacity }) }
    }

    /// Wakes the loop and has `message` delivered to its service ([`woken`](app::Service::woken)).
    ///
    /// # Errors
    /// Gives the message back when too many are waiting
    /// ([`Limits::wake_queue`](crate::Limits::wake_queue)) or the loop has ended.
    pub fn wake(&self, message: M) -> Result<(), M> {
        let mut mailbox = self.lock();
        if mailbox.closed || mailbox.messages.len() >= self.shared.capacity {
            return Err(message);
        }
        mailbox.messages.push_back(message);
        drop(mailbox);
        self.ring();
        Ok(())
    }

    /// Starts the drain of the driver: it takes nothing new, finishes what is under way and ends. What is not
    /// finished after `grace` is cut off.
    pub fn drain(&self, grace: Duration) {
        let mut mailbox = self.lock();
        (mailbox.drain, mailbox.draining) = (Some(grace), true);
        drop(mailbox);
        self.ring();
    }

    /// Gives the loop a connection; gives it back when it takes no more.
    pub(crate) fn hand_over(&self, handed: Handed) -> Result<(), Handed> {
        let mut mailbox = self.lock();
        if mailbox.closed || mailbox.draining {
            return Err(handed);
        }
        mailbox.handed.push(handed);
        drop(mailbox);
        self.ring();
        Ok(())
    }

    /// Has the loop look at something that it was given otherwise.
    pub(crate) fn ring(&self) {
        if !self.shared.news.swap(true, Ordering::AcqRel) {
            // Fails only when the kernel's counter is full, and then the loop is about to wake.
            let _ = self.shared.waker.wake();
        }
    }

    /// The loop's side: whether there is news, once.
    pub(crate) fn take_news(&self) -> bool {
        self.shared.news.load(Ordering::Relaxed) && self.shared.news.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn close(&self) {
        let mut mailbox = self.lock();
        mailbox.closed = true;
        mailbox.messages.clear();
        mailbox.handed.clear();
    }

    /// A sender that panicked has at worst not sent.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Mailbox<M>> {
        self.shared.mailbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M> Clone for Waker<M> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}
