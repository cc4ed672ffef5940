use crate::config::Dialect;
use crate::parser::Parser;
use crate::scan::{non_space, window};

impl<const DEPTH: usize, const PATH: usize, const INDEX: usize> Parser<'_, DEPTH, PATH, INDEX> {
    /// The position of the first byte from `at` that is no white space (RFC 8259, section 2), or the end. The input
    /// begins at `origin`.
    #[inline(never)]
    pub(super) fn skip_space(&mut self, input: &[u8], mut at: usize, origin: u64) -> usize {
        while let Some(byte) = input.get(at) {
            match byte {
                b' ' => at = spaces(input, at + 1),
                b'\n' if self.depth < self.one_line => {
                    self.line = self.line.saturating_add(1);
                    self.line_start = origin + at as u64 + 1;
                    at = spaces(input, at + 1);
                }
                b'\t' | b'\r' => at += 1,
                b'#' if matches!(self.dialect, Dialect::Lejp) => {
                    at = self.skip_comment(input, at);
                }
                _ => return at,
            }
        }
        at
    }

    /// Skips the rest of a comment; if that is all of the input, notes that it goes on.
    pub(super) fn skip_comment(&mut self, input: &[u8], at: usize) -> usize {
        let rest = input.get(at..).unwrap_or_default();
        match rest.iter().position(|&byte| byte == b'\n') {
            Some(len) => {
                self.comment = false;
                at + len
            }
            None => {
                self.comment = true;
                input.len()
            }
        }
    }
}

/// The position of the first byte from `at` that is no space.
#[inline(always)]
fn spaces(input: &[u8], mut at: usize) -> usize {
    while let Some(block) = window(input, at) {
        let run = non_space(block).trailing_zeros() as usize;
        at += run;
        if run < 32 {
            return at;
        }
    }
    while input.get(at) == Some(&b' ') {
        at += 1;
    }
    at
}
