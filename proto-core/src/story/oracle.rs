use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{boxed::Box, vec};
use core::fmt;

use super::Cuts;
use super::teller::{Story, Teller};
use crate::{Codec, Instant, WriteBuf};

/// How the oracle drives one kind of codec.
pub trait Subject {
    /// The codec under test.
    type Codec: Codec;

    /// A codec in its initial state, the same each time.
    fn start(&self) -> Self::Codec;

    /// Tells `event`: data that may come in any pieces by [`Teller::data`], all else by [`Teller::line`].
    fn tell(&self, event: <Self::Codec as Codec>::Event<'_>, teller: &mut Teller<'_>);

    /// What the application does once the event is told and when the codec pauses; for example, asks for the next
    /// request. What it writes to `out` becomes part of the replies.
    fn act(&self, codec: &mut Self::Codec, out: &mut WriteBuf<'_>) {
        let _ = (codec, out);
    }

    /// Bytes that could follow on the wire: the beginning of a next message.
    fn trailing(&self) -> &[u8] {
        &[]
    }

    /// Whether the transport ends after the input.
    fn eof(&self) -> bool {
        true
    }

    /// Bytes of scratch space the codec gets.
    fn scratch(&self) -> usize {
        64 * 1024
    }
}

/// Which promise was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// `consumed` is larger than the input.
    ConsumedTooMuch,
    /// Rule 3: bytes not consumed were changed.
    MutateImpliesConsume,
    /// Rule 4: a call after `event: None` on the same bytes gave more.
    NoneIsFinal,
    /// Rule 6: the error was not repeated.
    StickyError,
    /// `min_input` bytes were there, nothing was consumed and nothing told.
    Stalled,
    /// Events without end from an input that does not grow.
    Endless,
    /// The story depends on where the input was cut.
    CutChangesStory,
    /// More bytes behind the input changed what was told of it.
    TrailingChangesStory,
}

/// What the oracle found.
#[derive(Clone, PartialEq, Eq)]
pub struct Fault {
    /// The broken promise.
    pub rule: Rule,
    /// The positions at which the input was cut.
    pub cuts: Vec<usize>,
    /// The story of the uncut input and the one that differs, or what the call did.
    pub detail: String,
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.cuts[..self.cuts.len().min(8)];
        writeln!(f, "{:?}, {} cuts {:?}..\n{}", self.rule, self.cuts.len(), shown, self.detail)
    }
}

/// Events that may follow one another without consuming anything before the oracle calls it a loop.
const ENDLESS: usize = 1 << 16;

/// Runs `input` through all the ways of cutting it and returns the one story they agree on.
///
/// # Errors
/// The first broken promise.
pub fn check<S: Subject>(subject: &S, input: &[u8]) -> Result<Story, Box<Fault>> {
    check_with(subject, input, Cuts::default())
}

/// [`check`] with a choice of cuts.
///
/// # Errors
/// The first broken promise.
pub fn check_with<S: Subject>(subject: &S, input: &[u8], cuts: Cuts) -> Result<Story, Box<Fault>> {
    let whole = run(subject, input, &[], subject.eof())?;
    let every_byte = (1..input.len()).collect();
    for plan in core::iter::once(every_byte).chain(cuts.plans(input.len())) {
        let story = run(subject, input, &plan, subject.eof())?;
        if story != whole {
            return Err(differs(Rule::CutChangesStory, plan, &whole, &story));
        }
    }

    let trailing = subject.trailing();
    if !trailing.is_empty() {
        let alone = run(subject, input, &[], false)?;
        let longer = [input, trailing].concat();
        for plan in [vec![], vec![input.len()], vec![input.len().saturating_sub(1)]] {
            let story = run(subject, &longer, &plan, false)?;
            if !alone.begins(&story) {
                return Err(differs(Rule::TrailingChangesStory, plan, &alone, &story));
            }
        }
    }
    Ok(whole)
}

fn differs(rule: Rule, cuts: Vec<usize>, expected: &Story, found: &Story) -> Box<Fault> {
    Box::new(Fault { rule, cuts, detail: format!("expected\n{expected:?}found\n{found:?}") })
}

/// Runs `input`, cut at `cuts` (ascending), through a fresh codec and returns what it told.
///
/// # Errors
/// A promise that was broken on the way.
pub fn run<S: Subject>(subject: &S, input: &[u8], cuts: &[usize], eof: bool) -> Result<Story, Box<Fault>> {
    let mut run = Run {
        subject,
        codec: subject.start(),
        pending: Vec::new(),
        scratch: vec![0; subject.scratch()],
        room: vec![0; 64 * 1024],
        story: Story::default(),
        cuts,
    };
    run.codec.handle_timeout(Instant::ZERO);
    run.settle();
    let mut start = 0;
    for end in cuts.iter().copied().chain([input.len()]) {
        run.pending.extend_from_slice(&input[start..end]);
        start = end;
        if run.story.error.is_none() {
            run.drain()?;
        }
    }
    if eof {
        run.end()?;
    }
    let wants = run.codec.wants();
    run.story.wants = (wants.read, wants.write, wants.close);
    if run.story.error.is_some() {
        run.story.consumed = 0; // how far into a faulty unit a codec got is its own affair
    }
    Ok(run.story)
}

struct Run<'s, S: Subject> {
    subject: &'s S,
    codec: S::Codec,
    pending: Vec<u8>,
    scratch: Vec<u8>,
    room: Vec<u8>,
    story: Story,
    cuts: &'s [usize],
}

/// What one checked call of `receive` came to.
enum Call {
    Event,
    None,
    Err,
}

impl<S: Subject> Run<'_, S> {
    /// Calls `receive` until it has nothing more to tell of what is pending.
    fn drain(&mut self) -> Result<(), Box<Fault>> {
        let mut without_consuming = 0;
        loop {
            let before = self.pending.len();
            match self.call()? {
                Call::Err => return Ok(()),
                Call::Event if self.pending.len() < before => without_consuming = 0,
                Call::Event if without_consuming < ENDLESS => without_consuming += 1,
                Call::Event => return Err(self.fault(Rule::Endless, String::new())),
                Call::None => {
                    let wanted = self.codec.wants();
                    if self.settle() && self.codec.wants() != wanted {
                        continue; // the application moved the codec on
                    }
                    return self.none_is_final();
                }
            }
        }
    }

    /// One call of `receive`, with rules 3 and 6 checked, told, and its bytes dropped.
    fn call(&mut self) -> Result<Call, Box<Fault>> {
        let before = self.pending.clone();
        let told = match self.codec.receive(&mut self.pending, &mut self.scratch) {
            Ok(step) => {
                let told = step.event.is_some();
                if let Some(event) = step.event {
                    self.subject.tell(event, &mut Teller::new(&mut self.story.entries));
                }
                Ok((step.consumed, told))
            }
            Err(error) => Err(format!("{error:?}")),
        };
        match told {
            Err(error) => {
                if self.pending != before {
                    return Err(self.fault(Rule::MutateImpliesConsume, "input changed by an error".into()));
                }
                self.sticky(&error)?;
                self.story.error = Some(error);
                self.settle();
                Ok(Call::Err)
            }
            Ok((consumed, _)) if consumed > before.len() => {
                Err(self.fault(Rule::ConsumedTooMuch, format!("{consumed} of {}", before.len())))
            }
            Ok((consumed, _)) if self.pending[consumed..] != before[consumed..] => {
                Err(self
                    .fault(Rule::MutateImpliesConsume, format!("consumed {consumed} of {}", before.len())))
            }
            Ok((consumed, event)) => {
                self.pending.drain(..consumed);
                self.story.consumed += consumed;
                if event {
                    self.settle();
                }
                Ok(if event { Call::Event } else { Call::None })
            }
        }
    }

    fn none_is_final(&mut self) -> Result<(), Box<Fault>> {
        let wants = self.codec.wants();
        let entries = self.story.entries.len();
        let before = self.pending.len();
        let again = self.call()?;
        if !matches!(again, Call::None) || self.pending.len() != before || self.codec.wants() != wants {
            let told = self.story.entries[entries..].first().map(|entry| format!("{entry:?}"));
            return Err(self.fault(Rule::NoneIsFinal, told.unwrap_or_else(|| "consumed or failed".into())));
        }
        if wants.read && !self.pending.is_empty() && self.pending.len() >= self.codec.min_input() {
            return Err(self.fault(Rule::Stalled, format!("with {before} bytes pending")));
        }
        Ok(())
    }

    fn sticky(&mut self, error: &str) -> Result<(), Box<Fault>> {
        for with_input in [true, false] {
            let input = if with_input { &mut self.pending[..] } else { &mut [] };
            let again = match self.codec.receive(input, &mut self.scratch) {
                Ok(_) => "Ok".into(),
                Err(again) => format!("{again:?}"),
            };
            if again != error {
                return Err(self.fault(Rule::StickyError, format!("first {error}, then {again}")));
            }
        }
        Ok(())
    }

    /// Ends the transport and collects the events that only come then.
    fn end(&mut self) -> Result<(), Box<Fault>> {
        for _ in 0..ENDLESS {
            match self.codec.receive_eof() {
                Ok(Some(event)) => self.subject.tell(event, &mut Teller::new(&mut self.story.entries)),
                Ok(None) => return Ok(()),
                Err(error) => {
                    self.story.error = Some(format!("{error:?}"));
                    self.settle();
                    return Ok(());
                }
            }
            self.settle();
        }
        Err(self.fault(Rule::Endless, "receive_eof".into()))
    }

    /// Lets the application act and collects what codec and application write. Says whether either wrote or
    /// the wants changed.
    fn settle(&mut self) -> bool {
        let wants = self.codec.wants();
        let mut out = WriteBuf::new(&mut self.room);
        self.codec.transmit(&mut out);
        if self.story.error.is_none() {
            self.subject.act(&mut self.codec, &mut out);
            self.codec.transmit(&mut out);
        }
        self.story.replies.extend_from_slice(out.written());
        !out.is_empty() || self.codec.wants() != wants
    }

    fn fault(&self, rule: Rule, detail: String) -> Box<Fault> {
        let story = &self.story;
        Box::new(Fault { rule, cuts: self.cuts.into(), detail: format!("{detail}\nafter\n{story:?}") })
    }
}
