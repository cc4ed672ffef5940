use crate::config::Config;
use crate::error::{Error, Reason};
use crate::event::{Event, Token};
use crate::nested::NestedError;
use crate::parser::Parser;
use crate::path::Paths;
use proto_core::Step;

/// The application of a [`Layers`]: it is called in lejp's order.
pub trait Handler<'p> {
    /// Which of the application's handlers is meant: what lejp has callbacks for.
    type Role: Copy;

    /// Something happened in the layer of `role`. `parser` is that layer's, for paths, indices and wildcards.
    fn call(&mut self, role: Self::Role, parser: &Parser<'p>, call: Call<'_>) -> Action<'p, Self::Role>;
}

/// What a [`Handler`] is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call<'b> {
    /// The role begins: at construction, or by [`Action::Change`]. The action is not looked at.
    Constructed,
    /// The first input is about to be parsed, once; and again behind a `Constructed` by [`Action::Change`].
    Start,
    /// A token, but not that the document is complete.
    Token(Event<'b>),
    /// The document is complete: its last token was told.
    Complete,
    /// The document is refused. The action is not looked at.
    Failed(Error),
    /// The role ends: by [`Action::Change`], or because the layers are dropped. The action is not looked at.
    Destructed,
}

/// What is to follow a call.
#[derive(Debug, Clone, Copy)]
pub enum Action<'p, R> {
    /// Go on.
    Continue,
    /// Refuse the document ([`Reason::Handler`]).
    Refuse,
    /// Behind a key, the value; behind the beginning of a container, the rest of it: parse it with other paths, which
    /// are relative to it, and tell it to another role. At its end this layer comes back by itself. As in lejp,
    /// neither is a call of its own.
    Push(&'p Paths<'p>, R),
    /// Tell all that follows in this layer to another role: the old one is called with
    /// [`Destructed`](Call::Destructed), the new one with [`Constructed`](Call::Constructed) and
    /// [`Start`](Call::Start).
    Change(R),
}

/// Where a [`Layers::parse`] has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// More input is needed. What was not consumed belongs before it.
    NeedMore {
        /// How many bytes were.
        consumed: usize,
    },
    /// The document is complete.
    Done {
        /// How many bytes at the end of the input lie behind it.
        unused: usize,
    },
}

/// Parsers on top of one another, each with a role and paths of its own: `lejp_parser_push` and
/// `lejp_change_callback` as a composition of parsers.
///
/// There are at most `LEVELS` layers; one more is refused with [`Reason::Depth`]. Each takes as much memory as a
/// [`Parser`], in place. A [`Action::Push`] where no value is about to come is refused with [`Reason::Handler`].
///
/// ```
/// use proto_lejp::{Action, Call, Config, Handler, Layers, Parser, PathSet, Paths, Progress, Token};
///
/// static MAIN: PathSet<'static, 16> = match PathSet::compile(&["name", "tls"]) {
///     Ok(paths) => paths,
///     Err(_) => panic!("malformed pattern"),
/// };
/// static TLS: PathSet<'static, 16> = match PathSet::compile(&["port"]) {
///     Ok(paths) => paths,
///     Err(_) => panic!("malformed pattern"),
/// };
///
/// #[derive(Clone, Copy)]
/// enum Role { Main, Tls }
/// #[derive(Default)]
/// struct Settings { name: String, port: u64 }
///
/// impl Handler<'static> for Settings {
///     type Role = Role;
///     fn call(&mut self, role: Role, _: &Parser<'static>, call: Call<'_>) -> Action<'static, Role> {
///         let Call::Token(event) = call else { return Action::Continue };
///         match (role, event.path(), event.token()) {
///             (Role::Main, Some(1), Token::Key { .. }) => return Action::Push(&TLS, Role::Tls),
///             (Role::Main, Some(0), Token::Text { part, .. }) => {
///                 self.name.push_str(&String::from_utf8_lossy(part));
///             }
///             (Role::Tls, Some(0), Token::Number { text, .. }) => {
///                 self.port = proto_lejp::Number::new(text).as_u64().unwrap_or(0);
///             }
///             _ => {}
///         }
///         Action::Continue
///     }
/// }
///
/// let mut layers = Layers::<Settings>::new(Settings::default(), Role::Main, &MAIN, Config::default());
/// let input = br#"{"tls":{"port":443},"name":"front","port":1}"#;
/// assert_eq!(layers.parse(input, &mut [0; 1024]), Ok(Progress::Done { unused: 0 }));
/// assert_eq!((layers.handler().name.as_str(), layers.handler().port), ("front", 443));
/// ```
#[derive(Debug)]
pub struct Layers<'p, H: Handler<'p>, const LEVELS: usize = 4> {
    handler: H,
    outermost: Layer<'p, H::Role>,
    /// The others, from the second outwards in.
    pushed: [Option<Layer<'p, H::Role>>; LEVELS],
    count: usize,
    phase: Phase,
}

#[derive(Debug)]
struct Layer<'p, R> {
    parser: Parser<'p>,
    role: R,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Constructed,
    Started,
    Complete,
    Failed,
}

impl<'p, H: Handler<'p>, const LEVELS: usize> Layers<'p, H, LEVELS> {
    /// One layer, of `role`, that reads as `config` says (but stops behind the document).
    pub fn new(handler: H, role: H::Role, paths: &'p Paths<'p>, config: Config) -> Self {
        let config = Config { documents: crate::Documents::First, ..config };
        let outermost = Layer { parser: Parser::with_config(paths, config), role };
        let mut layers = Self {
            handler,
            outermost,
            pushed: [const { None }; LEVELS],
            count: 0,
            phase: Phase::Constructed,
        };
        layers.call(Call::Constructed);
        layers
    }

    /// Parses `input`, which is what the last call left unconsumed and what follows it. `scratch` is as for
    /// [`Parser::receive`].
    ///
    /// # Errors
    /// The document is refused, by the parser or by the handler, which has been told. Later calls repeat the error.
    pub fn parse(&mut self, input: &[u8], scratch: &mut [u8]) -> Result<Progress, Error> {
        if self.phase == Phase::Constructed {
            self.phase = Phase::Started;
            let action = self.call(Call::Start);
            self.follow(action)?;
        }
        let mut at = 0;
        loop {
            if self.phase == Phase::Complete {
                return Ok(Progress::Done { unused: input.len() - at });
            }
            let Self { handler, outermost, pushed, count, .. } = self;
            let layer = innermost(outermost, pushed, *count);
            let (consumed, action) = match layer.parser.receive(input.get(at..).unwrap_or_default(), scratch)
            {
                Err(error) => return Err(self.fail(error)),
                Ok(Step { consumed, event: None }) => {
                    return Ok(Progress::NeedMore { consumed: at + consumed });
                }
                Ok(Step { consumed, event: Some(event) }) if is_complete(&event) => (consumed, None),
                Ok(Step { consumed, event: Some(event) }) => {
                    (consumed, Some(handler.call(layer.role, &layer.parser, Call::Token(event))))
                }
            };
            at += consumed;
            match action {
                Some(action) => self.follow(action)?,
                None if self.count > 0 => self.pop()?,
                None => {
                    self.phase = Phase::Complete;
                    if let Action::Refuse = self.call(Call::Complete) {
                        let error = self.layer().parser.refuse();
                        return Err(self.fail(error));
                    }
                }
            }
        }
    }

    /// The input has ended.
    ///
    /// # Errors
    /// The document has not.
    pub fn parse_eof(&mut self) -> Result<(), Error> {
        loop {
            if self.phase == Phase::Complete {
                return Ok(());
            }
            let Self { handler, outermost, pushed, count, .. } = self;
            let layer = innermost(outermost, pushed, *count);
            match layer.parser.receive_eof() {
                Err(error) => return Err(self.fail(error)),
                Ok(Some(event)) if is_complete(&event) => {
                    self.phase = Phase::Complete;
                    self.call(Call::Complete);
                }
                Ok(Some(event)) => {
                    handler.call(layer.role, &layer.parser, Call::Token(event));
                }
                Ok(None) => return Ok(()),
            }
        }
    }

    /// The application.
    pub fn handler(&self) -> &H {
        &self.handler
    }

    /// The application.
    pub fn handler_mut(&mut self) -> &mut H {
        &mut self.handler
    }

    /// How many layers there are, from 1.
    pub fn layers(&self) -> usize {
        self.count + 1
    }

    fn layer(&mut self) -> &mut Layer<'p, H::Role> {
        innermost(&mut self.outermost, &mut self.pushed, self.count)
    }

    /// Calls the handler for the innermost layer.
    fn call(&mut self, call: Call<'_>) -> Action<'p, H::Role> {
        let Self { handler, outermost, pushed, count, .. } = self;
        let layer = innermost(outermost, pushed, *count);
        handler.call(layer.role, &layer.parser, call)
    }

    fn follow(&mut self, mut action: Action<'p, H::Role>) -> Result<(), Error> {
        loop {
            match action {
                Action::Continue => return Ok(()),
                Action::Refuse => {
                    let error = self.layer().parser.refuse();
                    return Err(self.fail(error));
                }
                Action::Change(role) => {
                    self.call(Call::Destructed);
                    self.layer().role = role;
                    self.call(Call::Constructed);
                    action = self.call(Call::Start);
                    if let Action::Change(_) = action {
                        return Ok(()); // or roles could change for ever
                    }
                }
                Action::Push(paths, role) => {
                    let nested = self.layer().parser.nested(paths);
                    let reason = match (nested, self.pushed.get_mut(self.count)) {
                        (Some(parser), Some(free)) => {
                            *free = Some(Layer { parser, role });
                            self.count += 1;
                            return Ok(());
                        }
                        (Some(_), None) => Reason::Depth,
                        (None, _) => Reason::Handler,
                    };
                    let offset = self.layer().parser.offset();
                    let error = self.layer().parser.fail_at(reason, offset);
                    return Err(self.fail(error));
                }
            }
        }
    }

    /// The innermost layer has parsed its value.
    fn pop(&mut self) -> Result<(), Error> {
        self.count -= 1;
        let Some(done) = self.pushed.get_mut(self.count).and_then(Option::take) else { return Ok(()) };
        match self.layer().parser.rejoin(&done.parser) {
            Ok(()) => Ok(()),
            Err(NestedError::Failed(error)) => Err(self.fail(error)),
            Err(_) => {
                let error = self.layer().parser.refuse();
                Err(self.fail(error))
            }
        }
    }

    /// Tells the innermost role, once, that the document is refused.
    fn fail(&mut self, error: Error) -> Error {
        if self.phase != Phase::Failed {
            self.phase = Phase::Failed;
            self.call(Call::Failed(error));
        }
        error
    }
}

/// The role of the outermost layer, which alone was told that it began, is told that it ends.
impl<'p, H: Handler<'p>, const LEVELS: usize> Drop for Layers<'p, H, LEVELS> {
    fn drop(&mut self) {
        self.count = 0;
        self.call(Call::Destructed);
    }
}

fn is_complete(event: &Event<'_>) -> bool {
    matches!(event.token(), Token::Complete { .. })
}

fn innermost<'a, 'p, R>(
    outermost: &'a mut Layer<'p, R>,
    pushed: &'a mut [Option<Layer<'p, R>>],
    count: usize,
) -> &'a mut Layer<'p, R> {
    match count.checked_sub(1).and_then(|at| pushed.get_mut(at)) {
        Some(Some(layer)) => layer,
        _ => outermost,
    }
}
