use crate::config::Dialect;
use crate::parser::Parser;
use crate::scan::{LANES, block, non_space};

impl<const DEPTH: usize, const PATH: usize, const INDEX: usize> Parser<'_, DEPTH, PATH, INDEX> {
    /// The position of the first byte from `at` that is no white space (RFC 8259, section 2), or the end.
    #[inline(always)]
    pub(super) fn skip_space(&mut self, input: &[u8], at: usize) -> usize {
        let Some(&byte) = input.get(at) else { return at };
        if byte > b'#' || byte == b'"' {
            return at;
        }
        // Most white space is the end of a line and the indentation of the next.
        if byte == b'\n'
            && self.depth < self.one_line
            && let Some(block) = block(input, at + 1)
        {
            self.end_line(at);
            let run = (non_space(block) | 1 << LANES).trailing_zeros() as usize;
            let next = at + 1 + run;
            return match block.get(run) {
                Some(&byte) if byte > b'#' || byte == b'"' => next,
                _ => self.skip_white(input, next),
            };
        }
        self.skip_white(input, at)
    }

    #[inline(always)]
    fn end_line(&mut self, at: usize) {
        self.line = self.line.saturating_add(1);
        self.line_start = self.offset + at as u64 + 1;
    }

    #[inline(never)]
    fn skip_white(&mut self, input: &[u8], mut at: usize) -> usize {
        while let Some(byte) = input.get(at) {
            match byte {
                b' ' => at = spaces(input, at + 1),
                b'\n' if self.depth < self.one_line => {
                    self.end_line(at);
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
    while let Some(block) = block(input, at) {
        let run = (non_space(block).trailing_zeros() as usize).min(LANES);
        at += run;
        if run < LANES {
            return at;
        }
    }
    while input.get(at) == Some(&b' ') {
        at += 1;
    }
    at
}
