/// Validates UTF-8 that comes in pieces, and knows the first wrong byte at once: the one after which no
/// continuation could make the text valid ([RFC 3629 section 4](https://www.rfc-editor.org/rfc/rfc3629#section-4)).
///
/// ```
/// use proto_ws::Utf8;
/// let mut text = Utf8::default();
/// assert_eq!(text.check(b"caf\xc3"), Ok(()));
/// assert!(!text.is_boundary()); // inside a code point
/// assert_eq!(text.check(b"\xa9 \xff"), Err(2));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Utf8(State);

/// What the next byte may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// A code point begins.
    #[default]
    Boundary,
    /// One, two or three continuation bytes follow.
    One,
    Two,
    Three,
    /// After E0: no overlong form, so A0 to BF.
    E0,
    /// After ED: no surrogate, so 80 to 9F.
    Ed,
    /// After F0: no overlong form, so 90 to BF.
    F0,
    /// After F4: nothing above U+10FFFF, so 80 to 8F.
    F4,
}

impl State {
    fn next(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Boundary, 0x00..=0x7f) => Self::Boundary,
            (Self::Boundary, 0xc2..=0xdf) => Self::One,
            (Self::Boundary, 0xe0) => Self::E0,
            (Self::Boundary, 0xed) => Self::Ed,
            (Self::Boundary, 0xe1..=0xef) => Self::Two,
            (Self::Boundary, 0xf0) => Self::F0,
            (Self::Boundary, 0xf1..=0xf3) => Self::Three,
            (Self::Boundary, 0xf4) => Self::F4,
            (Self::One, 0x80..=0xbf) => Self::Boundary,
            (Self::Two, 0x80..=0xbf) | (Self::E0, 0xa0..=0xbf) | (Self::Ed, 0x80..=0x9f) => Self::One,
            (Self::Three, 0x80..=0xbf) | (Self::F0, 0x90..=0xbf) | (Self::F4, 0x80..=0x8f) => Self::Two,
            _ => return None,
        })
    }
}

impl Utf8 {
    /// Whether the text so far ends with a whole code point.
    #[inline]
    pub const fn is_boundary(self) -> bool {
        matches!(self.0, State::Boundary)
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// The index of the first wrong byte. The state is then that after the bytes before it.
    pub fn check(&mut self, piece: &[u8]) -> Result<(), usize> {
        // the rest of a code point that began in an earlier piece
        let mut at = 0;
        while !self.is_boundary() {
            let Some(&byte) = piece.get(at) else { return Ok(()) };
            self.0 = self.0.next(byte).ok_or(at)?;
            at += 1;
        }
        let rest = piece.get(at..).unwrap_or_default();
        let (whole, tail) = rest.split_at(rest.len() - unfinished(rest));
        if simdutf8::basic::from_utf8(whole).is_err() {
            let good = core::str::from_utf8(whole).map_or_else(|fault| fault.valid_up_to(), str::len);
            return self.step(piece, at + good);
        }
        if tail.is_empty() { Ok(()) } else { self.step(piece, at + whole.len()) }
    }

    /// Takes `piece[at..]` byte by byte.
    fn step(&mut self, piece: &[u8], at: usize) -> Result<(), usize> {
        for (at, &byte) in piece.iter().enumerate().skip(at) {
            self.0 = self.0.next(byte).ok_or(at)?;
        }
        Ok(())
    }
}

/// How many bytes at the end belong to a code point that goes on behind it.
fn unfinished(text: &[u8]) -> usize {
    let lead = |back: usize| text.len().checked_sub(back).and_then(|at| text.get(at)).copied().unwrap_or(0);
    if lead(1) < 0x80 {
        0
    } else if lead(1) >= 0xc0 {
        1
    } else if lead(2) >= 0xe0 {
        2
    } else if lead(3) >= 0xf0 {
        3
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate alloc;
    use alloc::string::String;
    use proptest::prelude::*;

    /// The definition, by brute force: the shortest prefix that no continuation makes valid.
    fn first_wrong(text: &[u8]) -> Option<usize> {
        match core::str::from_utf8(text) {
            Ok(_) => None,
            Err(fault) => {
                let rest = &text[fault.valid_up_to()..];
                let longest = (1..=rest.len().min(4)).find(|&n| {
                    core::str::from_utf8(&rest[..n]).is_err_and(|fault| fault.error_len().is_some())
                });
                longest.map(|n| fault.valid_up_to() + n - 1)
            }
        }
    }

    fn agrees(text: &[u8], cut: usize) {
        let wrong = first_wrong(text);
        let (a, b) = text.split_at(cut.min(text.len()));
        let mut utf8 = Utf8::default();
        let found = match utf8.check(a) {
            Ok(()) => utf8.check(b).map_err(|at| at + a.len()),
            fault => fault,
        };
        assert_eq!(found.err(), wrong, "{text:x?} cut at {cut}");
        if wrong.is_none() {
            assert_eq!(utf8.is_boundary(), core::str::from_utf8(text).is_ok());
        } else {
            let mut before = Utf8::default();
            assert_eq!(before.check(&text[..wrong.unwrap_or(0)]), Ok(()));
            assert_eq!(utf8, before);
        }
    }

    #[test]
    fn every_sequence_of_up_to_three_bytes() {
        let edges = [
            0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec,
            0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf7, 0xf8, 0xfe, 0xff,
        ];
        for a in edges.into_iter().step_by(if cfg!(miri) { 5 } else { 1 }) {
            for b in edges.into_iter().step_by(if cfg!(miri) { 4 } else { 1 }) {
                for c in edges.into_iter().step_by(if cfg!(miri) { 9 } else { 1 }) {
                    for d in edges.into_iter().step_by(if cfg!(miri) { 9 } else { 1 }) {
                        agrees(&[a, b, c, d], 4);
                    }
                    (0..=3).for_each(|cut| agrees(&[a, b, c], cut));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn text_with_faults(mut text in "\\PC{0,80}".prop_map(String::into_bytes), cut in 0usize..400,
            fault in proptest::option::of((0usize..400, any::<u8>()))) {
            if let Some((at, byte)) = fault && !text.is_empty() {
                let at = at % text.len();
                text[at] = byte;
            }
            agrees(&text, cut % (text.len() + 1));
        }
    }
}
