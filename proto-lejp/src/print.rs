use crate::event::{Container, Event, Token};

/// Writes tokens back as JSON, without white space and without keeping any of it.
///
/// Texts are escaped as little as RFC 8259, section 7, allows; numbers stay as they were written. Output goes to
/// `out`, piece by piece.
///
/// ```
/// use core::ops::ControlFlow;
/// use proto_lejp::{Parser, Printer};
/// let (mut printer, mut text) = (Printer::new(), Vec::new());
/// Parser::default().each(br#" { "\u0061" : [ 1.50, "\u0009\/" ] } "#, &mut [0; 1024], |_, event| {
///     printer.print(&event.token(), &mut |piece| text.extend_from_slice(piece));
///     ControlFlow::<()>::Continue(())
/// })?;
/// assert_eq!(text, br#"{"a":[1.50,"\t/"]}"#);
/// # Ok::<(), proto_lejp::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Printer {
    depth: usize,
    /// Whether a value precedes, so that a comma is due.
    comma: bool,
    /// Whether a key, text or number has begun and not ended.
    open: bool,
}

impl Printer {
    /// A printer at the start of a value.
    pub const fn new() -> Self {
        Self { depth: 0, comma: false, open: false }
    }

    /// Whether no value has begun, or the last one is complete.
    pub const fn is_idle(&self) -> bool {
        self.depth == 0 && !self.open
    }

    /// Writes `token`; says whether it completes a value that is in no container.
    pub fn print(&mut self, token: &Token<'_>, out: &mut impl FnMut(&[u8])) -> bool {
        match *token {
            Token::Begin(container) => {
                self.separate(out);
                out(if container == Container::Object { b"{" } else { b"[" });
                self.depth += 1;
                self.comma = false;
                return false;
            }
            Token::End(container) => {
                out(if container == Container::Object { b"}" } else { b"]" });
                self.depth = self.depth.saturating_sub(1);
            }
            Token::Key { part, last } => {
                self.quoted(part, last, out);
                if last {
                    out(b":");
                    self.comma = false;
                }
                return false;
            }
            Token::Text { part, last } => self.quoted(part, last, out),
            Token::Number { text, last, .. } => {
                if !self.open {
                    self.separate(out);
                }
                out(text);
                self.open = !last;
            }
            Token::Literal(literal) => {
                self.separate(out);
                out(literal.as_str().as_bytes());
            }
            Token::Complete { .. } => return false,
        }
        self.comma = self.depth > 0;
        self.is_idle()
    }

    fn separate(&mut self, out: &mut impl FnMut(&[u8])) {
        if core::mem::take(&mut self.comma) {
            out(b",");
        }
    }

    fn quoted(&mut self, part: &[u8], last: bool, out: &mut impl FnMut(&[u8])) {
        if !self.open {
            self.separate(out);
            out(b"\"");
        }
        escape(part, out);
        if last {
            out(b"\"");
        }
        self.open = !last;
    }
}

fn escape(text: &[u8], out: &mut impl FnMut(&[u8])) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for run in text.split_inclusive(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        let Some((&last, before)) = run.split_last() else { continue };
        let long;
        let escaped: &[u8] = match last {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0x08 => b"\\b",
            0x0c => b"\\f",
            0..0x20 => {
                let digit = DIGITS.get(usize::from(last & 15)).copied().unwrap_or(b'0');
                long = [b'\\', b'u', b'0', b'0', b'0' + (last >> 4), digit];
                &long
            }
            _ => {
                out(run);
                continue;
            }
        };
        if !before.is_empty() {
            out(before);
        }
        out(escaped);
    }
}

/// Writes each value at a registered path as a line of JSON, as it is met: what a filter of documents larger than
/// memory does.
///
/// Of values within one another, the outermost that matches is written and those in it are not written again.
///
/// ```
/// use core::ops::ControlFlow;
/// use proto_lejp::{Parser, PathSet, Selected};
/// let paths = PathSet::<16>::compile(&["items[].id", "next"])?;
/// let (mut selected, mut lines) = (Selected::default(), Vec::new());
/// let input = br#"{"items":[{"id":1},{"id":[2]}],"next":null}"#;
/// Parser::new(&paths).each(input, &mut [0; 1024], |_, event| {
///     selected.take(&event, &mut |piece| lines.extend_from_slice(piece));
///     ControlFlow::<()>::Continue(())
/// })?;
/// assert_eq!(lines, b"1\n[2]\nnull\n");
/// assert_eq!(selected.count(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Selected {
    printer: Printer,
    count: u64,
}

impl Selected {
    /// Takes the next event; says whether it completes a selected value.
    pub fn take(&mut self, event: &Event<'_>, out: &mut impl FnMut(&[u8])) -> bool {
        if self.printer.is_idle() && !(event.path().is_some() && event.begins_value()) {
            return false;
        }
        let complete = self.printer.print(&event.token(), out);
        if complete {
            out(b"\n");
            self.count += 1;
        }
        complete
    }

    /// How many values were selected.
    pub const fn count(&self) -> u64 {
        self.count
    }
}
