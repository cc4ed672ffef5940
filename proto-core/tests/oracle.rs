//! The oracle accepts a correct codec and catches each of the mistakes that codecs are known to make.
//!
//! The codec under test carries masked records: the head `kkkk len\n` (a four-byte key, a decimal length), then
//! `len` bytes XORed with the key. A decoded byte 0xff is a fault; each record is acknowledged with `.`.

use proptest::prelude::*;
use proto_core::story::{Cuts, Rule, Subject, Teller, check, check_with};
use proto_core::{Codec, Deadline, Instant, Step, Wants, WriteBuf};

/// One mistake seeded into the codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    /// The key starts over with every piece of a payload.
    MaskPhase,
    /// The search for the line feed resumes one byte too far on.
    RescanOffset,
    /// A fault in a piece loses the good bytes before it.
    SwallowedPrefix,
    /// A whole piece is unmasked although only the bytes up to the fault are consumed.
    EarlyUnmask,
    /// The end of a record is told again when the input was cut right behind it.
    RepeatedEvent,
    /// The error is told once only.
    ForgottenError,
    /// An event comes only after `event: None`.
    LateEvent,
    /// A head without end is never refused.
    Stall,
    /// A record is refused when more bytes have arrived with its end.
    LooksBeyond,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Error {
    Head,
    Payload,
}
impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{self:?}")
    }
}
impl core::error::Error for Error {}

enum Event<'b> {
    Part(&'b mut [u8]),
    End,
}

const HEAD: usize = 16;

struct Records {
    bug: Bug,
    searched: usize,
    key: [u8; 4],
    phase: usize,
    /// Bytes of payload to come, while inside a record.
    left: Option<usize>,
    fault: Option<Error>,
    acks: usize,
    told_none: bool,
    repeat: bool,
}

impl Records {
    fn new(bug: Bug) -> Self {
        Self {
            bug,
            searched: 0,
            key: [0; 4],
            phase: 0,
            left: None,
            fault: None,
            acks: 0,
            told_none: false,
            repeat: false,
        }
    }

    fn head(&mut self, input: &[u8]) -> Result<usize, Error> {
        let found = input[self.searched.min(input.len())..].iter().position(|&b| b == b'\n');
        let Some(at) = found.map(|at| at + self.searched) else {
            self.searched = input.len() + usize::from(self.bug == Bug::RescanOffset);
            return if input.len() >= HEAD && self.bug != Bug::Stall { Err(Error::Head) } else { Ok(0) };
        };
        self.searched = 0;
        let (key, digits) = input[..at].split_first_chunk::<4>().ok_or(Error::Head)?;
        let digits = digits.strip_prefix(b" ").filter(|d| !d.is_empty()).ok_or(Error::Head)?;
        let mut len = 0_usize;
        for digit in digits {
            let digit = digit.checked_sub(b'0').filter(|&d| d < 10).ok_or(Error::Head)?;
            len = len.checked_mul(10).and_then(|l| l.checked_add(digit.into())).ok_or(Error::Head)?;
        }
        (self.key, self.phase, self.left) = (*key, 0, Some(len));
        Ok(at + 1)
    }

    fn part<'b>(&mut self, skip: usize, input: &'b mut [u8], left: usize) -> Result<Step<Event<'b>>, Error> {
        let body = &mut input[skip..];
        let len = body.len().min(left);
        let mut good = len;
        for (at, byte) in body[..len].iter().enumerate() {
            if byte ^ self.key[(self.phase + at) % 4] == 0xff {
                self.fault = Some(Error::Payload);
                good = at;
                break;
            }
        }
        if self.fault.is_some() && (good == 0 || self.bug == Bug::SwallowedPrefix) {
            return Err(Error::Payload);
        }
        let unmask = if self.bug == Bug::EarlyUnmask { len } else { good };
        for (at, byte) in body[..unmask].iter_mut().enumerate() {
            *byte ^= self.key[(self.phase + at) % 4];
        }
        self.phase = if self.bug == Bug::MaskPhase { 0 } else { (self.phase + good) % 4 };
        self.left = Some(left - good);
        Ok(Step::event(skip + good, Event::Part(&mut body[..good])))
    }
}

impl Codec for Records {
    type Event<'b> = Event<'b>;
    type Error = Error;

    fn receive<'b>(&mut self, input: &'b mut [u8], _: &'b mut [u8]) -> Result<Step<Event<'b>>, Error> {
        if let Some(error) = self.fault {
            if self.bug == Bug::ForgottenError {
                self.fault = None;
            }
            return Err(error);
        }
        if std::mem::take(&mut self.repeat) {
            return Ok(Step::event(0, Event::End));
        }
        let mut skip = 0;
        if self.left.is_none() {
            skip = self.head(input).inspect_err(|&error| self.fault = Some(error))?;
        }
        match self.left {
            Some(0) if self.bug == Bug::LateEvent && !std::mem::replace(&mut self.told_none, true) => {
                Ok(Step::quiet(skip))
            }
            Some(0) if self.bug == Bug::LooksBeyond && input.len() > skip => {
                self.fault = Some(Error::Head);
                Err(Error::Head)
            }
            Some(0) => {
                (self.left, self.told_none) = (None, false);
                self.acks += 1;
                self.repeat = self.bug == Bug::RepeatedEvent && input.len() == skip;
                Ok(Step::event(skip, Event::End))
            }
            Some(left) if input.len() > skip => self.part(skip, input, left),
            _ => Ok(Step::quiet(skip)),
        }
    }

    fn receive_eof(&mut self) -> Result<Option<Event<'static>>, Error> {
        match self.fault {
            Some(error) => Err(error),
            None => Ok(None),
        }
    }

    fn transmit(&mut self, out: &mut WriteBuf<'_>) {
        while self.acks > 0 && out.put(b".").is_ok() {
            self.acks -= 1;
        }
    }

    fn wants(&self) -> Wants {
        Wants { read: self.fault.is_none(), write: self.acks > 0, close: self.fault.is_some() }
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        None
    }

    fn handle_timeout(&mut self, _: Instant) {}

    fn min_input(&self) -> usize {
        HEAD
    }
}

struct Under(Bug);

impl Subject for Under {
    type Codec = Records;
    fn start(&self) -> Records {
        Records::new(self.0)
    }
    fn tell(&self, event: Event<'_>, teller: &mut Teller<'_>) {
        match event {
            Event::Part(bytes) => teller.data("part", bytes),
            Event::End => teller.line(format_args!("end")),
        }
    }
    fn trailing(&self) -> &[u8] {
        b"wxyz 3\nabc"
    }
}

/// `payload` as one record.
fn record(key: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut bytes = [&key[..], format!(" {}\n", payload.len()).as_bytes()].concat();
    bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

fn two_records() -> Vec<u8> {
    [record(b"abcd", b"hello, world"), record(b"efgh", b"more")].concat()
}

fn faulty() -> Vec<u8> {
    record(b"abcd", b"good\xffbad")
}

#[test]
fn a_correct_codec_tells_one_story() {
    let story = check(&Under(Bug::None), &two_records()).unwrap();
    assert_eq!(story.entries.len(), 4);
    assert_eq!(story.replies, b"..");
    assert_eq!((story.error, story.consumed), (None, two_records().len()));

    let story = check(&Under(Bug::None), &faulty()).unwrap();
    assert_eq!(story.error.as_deref(), Some("Payload"));
    assert_eq!(story.entries.len(), 1, "the good prefix comes before the error");
}

#[test]
fn each_seeded_mistake_is_caught() {
    let long_head = vec![b'x'; 3 * HEAD];
    for (bug, input, rule) in [
        (Bug::MaskPhase, two_records(), Rule::CutChangesStory),
        (Bug::RescanOffset, two_records(), Rule::CutChangesStory),
        (Bug::SwallowedPrefix, faulty(), Rule::CutChangesStory),
        (Bug::EarlyUnmask, faulty(), Rule::MutateImpliesConsume),
        (Bug::RepeatedEvent, two_records(), Rule::CutChangesStory),
        (Bug::ForgottenError, faulty(), Rule::StickyError),
        (Bug::LateEvent, two_records(), Rule::NoneIsFinal),
        (Bug::Stall, long_head, Rule::Stalled),
        (Bug::LooksBeyond, record(b"abcd", b"last"), Rule::TrailingChangesStory),
    ] {
        assert!(check(&Under(Bug::None), &input).is_ok(), "{bug:?}: the correct codec passes");
        match check(&Under(bug), &input) {
            Ok(story) => panic!("{bug:?} not caught: {story:?}"),
            Err(fault) => assert_eq!(fault.rule, rule, "{bug:?}: {fault:?}"),
        }
    }
}

#[test]
fn positions_are_sampled_in_long_inputs() {
    let input = record(b"abcd", &vec![7; 20_000]);
    let cuts = Cuts { single: 40, double: 20, seed: 5 };
    assert_eq!(check_with(&Under(Bug::None), &input, cuts).unwrap().consumed, input.len());
    assert!(check_with(&Under(Bug::MaskPhase), &input, cuts).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_bytes_tell_one_story(mut input in proptest::collection::vec(any::<u8>(), 0..40), valid in any::<bool>()) {
        if valid {
            input = [record(b"kkkk", &input), input].concat();
        }
        if let Err(fault) = check(&Under(Bug::None), &input) {
            return Err(TestCaseError::fail(format!("{fault:?}")));
        }
    }
}
