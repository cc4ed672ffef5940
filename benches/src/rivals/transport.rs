//! A transport in memory: reads give the same frames for ever, writes go nowhere. It never blocks.

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::aligned::Aligned;

/// As much per read as a socket gives whose receive buffer holds `wire`.
#[derive(Debug)]
pub(super) struct Transport {
    wire: Aligned,
    at: usize,
    room: Aligned,
}

impl Transport {
    pub(super) fn reading(wire: &[u8]) -> Self {
        Self { wire: Aligned::copy(wire), at: 0, room: Aligned::zeroed(0) }
    }

    /// Copies what is written into `room` bytes again and again, as a write to a socket does.
    pub(super) fn writing(room: usize) -> Self {
        Self { wire: Aligned::zeroed(0), at: 0, room: Aligned::zeroed(room) }
    }

    fn next(&mut self, max: usize) -> &[u8] {
        if self.at == self.wire.len() {
            self.at = 0;
        }
        let start = self.at;
        self.at = self.wire.len().min(start + max);
        &self.wire[start..self.at]
    }

    fn take(&mut self, bytes: &[u8]) -> usize {
        let len = bytes.len().min(self.room.len());
        self.room[..len].copy_from_slice(&bytes[..len]);
        std::hint::black_box(&self.room[..len]);
        len
    }
}

impl io::Read for Transport {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let bytes = self.next(buf.len());
        buf[..bytes.len()].copy_from_slice(bytes);
        Ok(bytes.len())
    }
}

impl io::Write for Transport {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(self.take(buf))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Transport {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let bytes = self.get_mut().next(buf.remaining());
        buf.put_slice(bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.get_mut().take(buf)))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        Poll::Ready(Ok(bufs.iter().map(|buf| this.take(buf)).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Polls once; on this transport nothing is ever pending.
#[inline]
pub(super) fn ready<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}
