//! The tables of the Huffman code.
//!
//! The code is canonical: codes of one length are consecutive, in the order of their symbols. So its lengths alone
//! define it, and all tables are computed from them at compile time.

/// Bits per look-up.
pub(super) const WINDOW: u32 = 12;

/// One entry of the decoding table: two symbols (the second 0 when there is none), how many bits they take, how
/// many there are (0: the code is longer than the window).
#[derive(Clone, Copy)]
pub(super) struct Lookup {
    pub(super) symbols: u16,
    pub(super) bits: u8,
    pub(super) count: u8,
}

/// The code of a symbol, at the low end, and its length.
#[derive(Clone, Copy)]
pub(super) struct Code {
    pub(super) code: u32,
    pub(super) bits: u32,
}

/// The codes of one length.
#[derive(Clone, Copy)]
pub(super) struct Group {
    pub(super) first_code: u32,
    pub(super) count: u32,
    /// Where in [`ORDER`] their symbols begin.
    pub(super) first_symbol: u16,
}

/// All symbols, shortest code first, and by value within a length; 256 is EOS, the last.
pub(super) static ORDER: [u16; 257] = {
    let mut order = [0; 257];
    let (mut length, mut next) = (5, 0);
    while length <= 30 {
        let mut symbol = 0;
        while symbol <= 256 {
            if LENGTHS[symbol] == length {
                order[next] = symbol as u16;
                next += 1;
            }
            symbol += 1;
        }
        length += 1;
    }
    order
};

pub(super) static GROUPS: [Group; 31] = {
    let mut groups = [Group { first_code: 0, count: 0, first_symbol: 0 }; 31];
    let (mut length, mut code, mut next) = (1, 0, 0);
    while length <= 30 {
        code <<= 1;
        let mut count = 0;
        let mut symbol = 0;
        while symbol <= 256 {
            count += (LENGTHS[symbol] as usize == length) as u32;
            symbol += 1;
        }
        groups[length] = Group { first_code: code, count, first_symbol: next };
        code += count;
        next += count as u16;
        length += 1;
    }
    groups
};

const CODES_BY_SYMBOL: [Code; 257] = {
    let mut codes = [Code { code: 0, bits: 0 }; 257];
    let mut nth = 0;
    while nth < 257 {
        let symbol = ORDER[nth] as usize;
        let group = GROUPS[LENGTHS[symbol] as usize];
        let code = group.first_code + (nth as u32 - group.first_symbol as u32);
        codes[symbol] = Code { code, bits: LENGTHS[symbol] as u32 };
        nth += 1;
    }
    codes
};

pub(super) static CODES: [Code; 257] = CODES_BY_SYMBOL;

pub(super) static LOOKUP: [Lookup; 1 << WINDOW] = {
    let mut table = [Lookup { symbols: 0, bits: 0, count: 0 }; 1 << WINDOW];
    // Each short code fills the windows that begin with it: first alone, then every pair that fits.
    let mut first = 0;
    while first < 256 {
        let a = CODES_BY_SYMBOL[first];
        if a.bits <= WINDOW {
            let one = Lookup { symbols: first as u16, bits: a.bits as u8, count: 1 };
            fill(&mut table, a.code, a.bits, one);
            let mut second = 0;
            while second < 256 {
                let b = CODES_BY_SYMBOL[second];
                let bits = a.bits + b.bits;
                if bits <= WINDOW {
                    let symbols = (first | second << 8) as u16;
                    let two = Lookup { symbols, bits: bits as u8, count: 2 };
                    fill(&mut table, a.code << b.bits | b.code, bits, two);
                }
                second += 1;
            }
        }
        first += 1;
    }
    table
};

const fn fill(table: &mut [Lookup; 1 << WINDOW], code: u32, bits: u32, entry: Lookup) {
    let mut at = (code as usize) << (WINDOW - bits);
    let end = (code as usize + 1) << (WINDOW - bits);
    while at < end {
        table[at] = entry;
        at += 1;
    }
}

/// Code lengths in bits by symbol; the last is EOS (RFC 7541 appendix B).
#[rustfmt::skip]
pub(super) const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];
