//! A service for tests: what a connection does is a `Role`, what happens to it is written down.
#![allow(dead_code, unreachable_pub, reason = "every test file uses a part")]

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use app::{
    Action, Address, Closed, ConnectionId, FileError, FileId, FileMeta, Group, LinkInfo, Service, Target,
    Wake,
};
use drivers::{Config, Driver, Limits, Listen, ListenAddress, Transport};
use proto_core::{Deadline, Instant, Reason, Wants, WriteBuf};

/// What a connection does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Sends back what comes, and closes when the peer has finished.
    Echo,
    /// Sends this, then half of it comes back or whatever the peer says; closes when the peer has finished or, if
    /// so many bytes are expected, when they are there.
    Talk { send: Vec<u8>, expect: usize },
    /// Says this and closes at once, whatever the peer is doing.
    Blurt(Vec<u8>),
    /// Takes a byte each time it is asked.
    Sip,
    /// Reads nothing and says nothing.
    Deaf,
    /// Sends without end.
    Flood,
    /// Closes when this long has passed without input.
    Idle(Duration),
    /// Takes lines, and answers each with its length once it has been asked for its next turn.
    Lines,
    /// Sends the file named by the first line.
    File(PathBuf),
    /// Answers the end of input with this and closes.
    Last(Vec<u8>),
}

#[derive(Debug)]
pub struct Conn {
    pub number: usize,
    pub role: Role,
    pub got: Vec<u8>,
    sent: usize,
    pending: VecDeque<u8>,
    eof: bool,
    done: bool,
    now: Instant,
    active: Instant,
    pub member: Option<Group>,
    woken: u32,
    file: FileState,
}

#[derive(Debug, Default)]
struct FileState {
    ask: Option<Action>,
    open: Option<FileId>,
    offset: u64,
    left: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    Accepted,
    Connected(bool),
    Eof,
    Closed(Closed),
}

#[derive(Debug, Default)]
pub struct Test {
    pub serve: Option<Role>,
    pub connect: VecDeque<(Target, Role)>,
    pub log: BTreeMap<usize, Vec<Happened>>,
    pub got: BTreeMap<usize, Vec<u8>>,
    pub ids: BTreeMap<usize, ConnectionId>,
    pub links: Vec<LinkInfo>,
    pub messages: Vec<u32>,
    pub wakes: VecDeque<Wake>,
    pub refuse: bool,
    pub keep_input: bool,
    pub on_close: Option<fn(Closed)>,
    next: usize,
}

impl Test {
    pub fn server(role: Role) -> Self {
        Self { serve: Some(role), keep_input: true, ..Self::default() }
    }

    pub fn closed(&self, number: usize) -> Option<Closed> {
        self.log.get(&number)?.iter().find_map(|happened| match happened {
            Happened::Closed(why) => Some(*why),
            _ => None,
        })
    }

    pub fn closes(&self) -> usize {
        self.log.values().flatten().filter(|happened| matches!(happened, Happened::Closed(_))).count()
    }

    fn conn(&mut self, role: Role) -> Conn {
        self.next += 1;
        Conn {
            number: self.next - 1,
            role,
            got: Vec::new(),
            sent: 0,
            pending: VecDeque::new(),
            eof: false,
            done: false,
            now: Instant::ZERO,
            active: Instant::ZERO,
            member: None,
            woken: 0,
            file: FileState::default(),
        }
    }

    fn note(&mut self, number: usize, happened: Happened) {
        self.log.entry(number).or_default().push(happened);
    }
}

impl Service for Test {
    type Connection = Conn;
    type Message = u32;

    fn accept(&mut self, link: &LinkInfo, now: Instant) -> Option<Conn> {
        let role = self.serve.clone().filter(|_| !self.refuse)?;
        self.links.push(link.clone());
        let mut conn = self.conn(role);
        (conn.now, conn.active) = (now, now);
        self.ids.insert(conn.number, link.id);
        self.note(conn.number, Happened::Accepted);
        Some(conn)
    }

    fn poll_connect(&mut self) -> Option<(Target, Conn)> {
        let (target, role) = self.connect.pop_front()?;
        Some((target, self.conn(role)))
    }

    fn connected(&mut self, conn: &mut Conn, link: &LinkInfo, now: Instant) {
        (conn.now, conn.active) = (now, now);
        self.links.push(link.clone());
        self.ids.insert(conn.number, link.id);
        self.note(conn.number, Happened::Connected(link.tls.as_ref().is_some_and(|tls| tls.resumed)));
    }

    fn receive(&mut self, conn: &mut Conn, input: &mut [u8], _: &mut [u8], out: &mut WriteBuf<'_>) -> usize {
        if !input.is_empty() {
            conn.active = conn.now;
        }
        match &conn.role {
            Role::Echo => out.put_some(input),
            Role::Sip => {
                conn.got.extend(input.first());
                input.len().min(1)
            }
            Role::Deaf | Role::Blurt(_) | Role::Flood => 0,
            Role::Lines => {
                let mut taken = 0;
                while let Some(end) = input[taken..].iter().position(|&byte| byte == b'\n') {
                    if out.put(format!("{end}\n").as_bytes()).is_err() {
                        break;
                    }
                    taken += end + 1;
                }
                taken
            }
            Role::File(root) => {
                let Some(end) = input.iter().position(|&byte| byte == b'\n') else { return 0 };
                let path = PathBuf::from(String::from_utf8(input[..end].to_vec()).unwrap());
                conn.file.ask = Some(Action::OpenFile { token: 7, root: root.clone(), path });
                end + 1
            }
            Role::Talk { .. } | Role::Idle(_) | Role::Last(_) => {
                conn.got.extend_from_slice(input);
                if let Role::Talk { expect, .. } = conn.role {
                    conn.done |= expect > 0 && conn.got.len() >= expect;
                }
                input.len()
            }
        }
    }

    fn receive_eof(&mut self, conn: &mut Conn, _: &mut WriteBuf<'_>) {
        self.note(conn.number, Happened::Eof);
        conn.eof = true;
        conn.done |= !matches!(conn.role, Role::Last(_));
    }

    fn transmit(&mut self, conn: &mut Conn, out: &mut WriteBuf<'_>) {
        match &conn.role {
            Role::Talk { send, .. } => conn.sent += out.put_some(&send[conn.sent..]),
            Role::Blurt(send) => {
                conn.sent += out.put_some(&send[conn.sent..]);
                conn.done = conn.sent == send.len();
            }
            Role::Last(send) if conn.eof => {
                conn.sent += out.put_some(&send[conn.sent..]);
                conn.done = conn.sent == send.len();
            }
            Role::Flood => {
                let room = out.room();
                out.spare().fill(b'~');
                out.advance(room);
            }
            _ => {}
        }
        for _ in 0..core::mem::take(&mut conn.woken) {
            let _ = out.put(b"woken\n");
        }
    }

    fn wants(&self, conn: &Conn) -> Wants {
        let write = match &conn.role {
            Role::Talk { send, .. } | Role::Blurt(send) => conn.sent < send.len(),
            Role::Last(send) => conn.eof && conn.sent < send.len(),
            Role::Flood => true,
            _ => conn.woken > 0 || conn.file.ask.is_some(),
        };
        let read = !matches!(conn.role, Role::Deaf | Role::Blurt(_) | Role::Flood);
        Wants { read, write, close: conn.done }
    }

    fn poll_action(&mut self, conn: &mut Conn) -> Option<Action> {
        conn.file.ask.take()
    }

    fn file_opened(&mut self, conn: &mut Conn, token: u32, result: Result<(FileId, FileMeta), FileError>) {
        assert_eq!(token, 7);
        match result {
            Ok((file, meta)) => {
                conn.file = FileState { ask: None, open: Some(file), offset: 0, left: meta.len };
                conn.file.ask = Some(Action::ReadFile { token, file, offset: 0, len: 1 << 20 });
            }
            Err(error) => {
                conn.role = Role::Blurt(format!("{error:?}").into_bytes());
            }
        }
    }

    fn file_data(
        &mut self,
        conn: &mut Conn,
        token: u32,
        data: Result<&[u8], FileError>,
        out: &mut WriteBuf<'_>,
    ) {
        let data = data.unwrap();
        assert_eq!(out.put_some(data), data.len(), "the driver read more than there was room for");
        conn.file.offset += data.len() as u64;
        conn.file.left -= data.len() as u64;
        let file = conn.file.open.unwrap();
        conn.file.ask = Some(match data {
            [] => {
                assert_eq!(conn.file.left, 0);
                conn.done = true;
                Action::CloseFile { file }
            }
            _ => Action::ReadFile { token, file, offset: conn.file.offset, len: 1 << 20 },
        });
    }

    fn poll_timeout(&self, conn: &Conn) -> Option<Deadline> {
        match conn.role {
            Role::Idle(idle) => Some(Deadline::new(conn.active + idle, Reason::KeepAlive)),
            _ => None,
        }
    }

    fn handle_timeout(&mut self, conn: &mut Conn, now: Instant) {
        conn.now = now;
        if let Role::Idle(idle) = conn.role {
            conn.done |= conn.active + idle <= now;
        }
    }

    fn closed(&mut self, conn: Conn, why: Closed) {
        self.note(conn.number, Happened::Closed(why));
        if let Some(on_close) = self.on_close {
            on_close(why);
        }
        if self.keep_input {
            self.got.insert(conn.number, conn.got);
        }
    }

    fn woken(&mut self, message: u32, _: Instant) {
        self.messages.push(message);
        self.wakes.push_back(Wake::Group(Group(message)));
    }

    fn poll_wake(&mut self) -> Option<Wake> {
        self.wakes.pop_front()
    }

    fn wake(&mut self, conn: &mut Conn, wake: Wake) -> bool {
        let member = match wake {
            Wake::Stream(_) => true,
            Wake::Group(group) => conn.member.is_none_or(|member| member == group),
        };
        conn.woken += u32::from(member);
        member
    }

    fn drain(&mut self, conn: &mut Conn, _: Instant) {
        conn.done |= !matches!(conn.role, Role::Deaf);
    }

    fn min_input(&self) -> usize {
        1024
    }

    fn min_output(&self) -> usize {
        512
    }
}

/// Limits short enough to be waited for.
pub fn limits() -> Limits {
    let linger = if module_path!().starts_with("uring_faults") { 5_000 } else { 200 };
    Limits { linger: Duration::from_millis(linger), ..Limits::default() }
}

/// What moves the bytes: the suites that are part of `uring.rs` and its like run over a ring, which goes wrong in
/// `uring_faults.rs`.
pub fn transport() -> Transport {
    go_wrong();
    if module_path!().starts_with("uring") { Transport::Uring } else { Transport::Mio }
}

/// Of what goes wrong in `uring_faults.rs`: a number that is written down when a test fails.
#[cfg(feature = "faults")]
fn go_wrong() {
    if module_path!().starts_with("uring_faults") {
        let seed = std::env::var("FAULTS").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(|| {
            use std::hash::{BuildHasher as _, Hasher as _};
            std::hash::RandomState::new().build_hasher().finish() | 1
        });
        println!("FAULTS={seed}");
        drivers::seed_faults(seed);
    }
}

#[cfg(not(feature = "faults"))]
fn go_wrong() {}

pub fn driver(test: Test, limits: Limits) -> Driver<Test> {
    let mut driver =
        Driver::new(test, &Config { limits, transport: transport(), ..Config::default() }).unwrap();
    driver.service_mut().keep_input = true;
    driver
}

/// Any port.
pub const LOCAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

pub fn listen(driver: &mut Driver<Test>) -> SocketAddr {
    match driver.listen(&Listen::plain(LOCAL)).unwrap() {
        ListenAddress::Tcp(address) => address,
        other => panic!("{other}"),
    }
}

pub fn to(address: SocketAddr) -> Target {
    Target { address: Address::Socket(address), tls: None, timeout: None }
}

pub fn talk(send: impl Into<Vec<u8>>, expect: usize) -> Role {
    Role::Talk { send: send.into(), expect }
}

/// Bytes that repeat too seldom for a lost or repeated piece to go unnoticed.
pub fn pattern(len: usize) -> Vec<u8> {
    (0..len as u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).take(len).collect()
}

/// Turns the driver until `done`; fails when that takes longer than anything here may.
pub fn drive_until(driver: &mut Driver<Test>, mut done: impl FnMut(&mut Driver<Test>) -> bool) {
    #[expect(clippy::disallowed_methods, reason = "a test that hangs must fail")]
    let now = std::time::Instant::now;
    let start = now();
    while !done(driver) {
        assert!(now() - start < Duration::from_secs(10), "hangs: {:?}", driver.service().log);
        driver.turn(Some(Duration::from_millis(20))).unwrap();
    }
}
