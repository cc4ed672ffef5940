//! What stands for io_uring where there is none: a type without values.

use core::time::Duration;
use std::fs::File;
use std::io::{self, IoSlice};
use std::os::fd::{OwnedFd, RawFd};

use app::{Closed, FileId};
use rustix::io::Errno;

use crate::files::Files;
use crate::limits::Stats;
use crate::link::{Interest, Ready};
use crate::pool::{Buffer, Pool};
use crate::table::Table;

/// There is nothing to know.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Port;

#[derive(Debug)]
pub(crate) enum Ring {}

#[derive(Debug)]
#[expect(dead_code, reason = "nobody makes one here")]
pub(crate) enum Done {
    Events,
    Input(u32),
    Hangup(u32),
    Room(u32),
    Fetched(u32),
    Broken(u32),
    Sent(u32, u64, bool),
}

impl Ring {
    pub(crate) fn new(_: RawFd) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn wait(&mut self, _: Option<Duration>, _: &mut Pool) -> io::Result<()> {
        match *self {}
    }

    pub(crate) fn flush<C>(&mut self, _: &mut Table<C>, _: &mut Pool, _: &mut Stats) -> io::Result<()> {
        match *self {}
    }

    pub(crate) fn done<C>(&mut self, _: &mut Table<C>, _: &mut Pool, _: &mut Stats) -> Option<Done> {
        match *self {}
    }

    pub(crate) fn attach(&mut self, _: &OwnedFd, _: &mut Ready) -> io::Result<()> {
        match *self {}
    }

    pub(crate) fn settle(&mut self, _: &OwnedFd, _: &mut Ready, _: u32, _: Interest) {
        match *self {}
    }

    pub(crate) fn take(
        &mut self,
        _: &OwnedFd,
        _: &mut Ready,
        _: (&mut Pool, &mut Stats),
        _: usize,
    ) -> Result<Option<Buffer>, Closed> {
        match *self {}
    }

    pub(crate) fn send(
        &mut self,
        _: &OwnedFd,
        _: &mut Ready,
        _: (&mut Pool, &mut Stats),
        _: Buffer,
        _: bool,
    ) -> Result<(u64, bool), Closed> {
        match *self {}
    }

    pub(crate) fn send_blocks(
        &mut self,
        _: &OwnedFd,
        _: &mut Ready,
        _: (&mut Pool, &mut Stats),
        _: &[IoSlice<'_>],
    ) -> Result<usize, Closed> {
        match *self {}
    }

    pub(crate) fn send_file(
        &mut self,
        _: &OwnedFd,
        _: &Files,
        _: (FileId, &mut u64),
        _: u64,
    ) -> Result<Option<u64>, Closed> {
        match *self {}
    }

    pub(crate) fn read_file(&mut self, _: &File, _: u64, _: &mut [u8]) -> Result<usize, Errno> {
        match *self {}
    }

    pub(crate) fn fetch(&mut self, _: &mut Pool, _: &File, _: (u64, usize)) -> bool {
        match *self {}
    }

    pub(crate) fn retire(&mut self, _: OwnedFd, _: &Ready, _: u32, _: &mut Pool) {
        match *self {}
    }
}

pub(crate) fn probe() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
