//! The Huffman code (RFC 7541 section 5.2 and appendix B).
//!
//! Decoding looks at [`WINDOW`] bits at once and takes up to two symbols from one table entry; the frequent symbols
//! have codes of 5 to 7 bits. Codes longer than the window are found by comparing with the first code of each
//! length. Bits are kept at the top of a 64-bit word that is refilled, without branches, to at least 56 bits: room
//! for four look-ups, whose symbols are gathered in another word and stored at once.

use super::Error;
use super::huffman_table::{CODES, GROUPS, LENGTHS, LOOKUP, Lookup, ORDER, WINDOW};

/// Decodes the Huffman-coded string `block[start..end]` to the front of `out` and returns its length.
///
/// Up to seven bytes of `out` behind the decoded string may be overwritten.
#[inline]
pub(super) fn decode(block: &[u8], start: usize, end: usize, out: &mut [u8]) -> Result<usize, Error> {
    let mut reader = Reader { block, at: start, acc: 0, bits: 0 };
    let mut left = (end - start) * 8;
    let mut len = 0;
    while left > 0 {
        reader.refill();
        let (mut word, mut count) = (0_u64, 0_u32);
        for _ in 0..4 {
            let lookup = reader.peek();
            if lookup.count == 0 || usize::from(lookup.bits) > left {
                if left < 8 && reader.is_padding(left as u32) {
                    left = 0;
                } else if count == 0 {
                    let symbol = reader.single(&mut left)?;
                    (word, count) = (u64::from(symbol.unwrap_or(0)), u32::from(symbol.is_some()));
                }
                break;
            }
            word |= u64::from(lookup.symbols) << (8 * count);
            count += u32::from(lookup.count);
            left -= usize::from(lookup.bits);
            reader.skip(u32::from(lookup.bits));
        }
        let bytes = word.to_le_bytes();
        if let Some(room) = out.get_mut(len..).and_then(|out| out.first_chunk_mut::<8>()) {
            *room = bytes;
        } else {
            let room = out.get_mut(len..len + count as usize).ok_or(Error::ListTooLarge)?;
            room.copy_from_slice(&bytes[..count as usize]);
        }
        len += count as usize;
    }
    Ok(len)
}

/// The length that the Huffman-coded string `block[start..end]` decodes to.
pub(super) fn decoded_len(block: &[u8], start: usize, end: usize) -> Result<usize, Error> {
    let mut reader = Reader { block, at: start, acc: 0, bits: 0 };
    let mut left = (end - start) * 8;
    let mut len = 0;
    while left > 0 {
        reader.refill();
        len += usize::from(reader.single(&mut left)?.is_some());
    }
    Ok(len)
}

struct Reader<'a> {
    block: &'a [u8],
    at: usize,
    /// The next bits, at the top.
    acc: u64,
    /// How many of them count.
    bits: u32,
}

impl Reader<'_> {
    /// Makes at least 56 bits available. They may come from behind the string; the caller counts what is left.
    #[inline]
    fn refill(&mut self) {
        let next = match self.block.get(self.at..).and_then(|rest| rest.first_chunk::<8>()) {
            Some(next) => u64::from_be_bytes(*next),
            None => self.last_bytes(),
        };
        // Bits below the counted ones are the same that are merged in again next time.
        self.acc |= next >> self.bits;
        let taken = (63 - self.bits) >> 3;
        self.at += taken as usize;
        self.bits += taken * 8;
    }

    /// Fewer than eight bytes are left in the block: zeros follow.
    #[inline(never)]
    fn last_bytes(&self) -> u64 {
        let rest = self.block.get(self.at..).unwrap_or_default();
        let mut bytes = [0; 8];
        for (to, from) in bytes.iter_mut().zip(rest) {
            *to = *from;
        }
        u64::from_be_bytes(bytes)
    }

    #[inline]
    fn peek(&self) -> Lookup {
        LOOKUP[(self.acc >> (64 - WINDOW)) as usize]
    }

    #[inline]
    fn skip(&mut self, bits: u32) {
        self.acc <<= bits;
        self.bits -= bits;
    }

    /// Whether the next `left` bits, fewer than 8, are all ones. No code is that short and all ones.
    #[inline]
    fn is_padding(&self, left: u32) -> bool {
        (!self.acc >> 1) >> (63 - left) == 0
    }

    /// Decodes one symbol of any length, or takes the padding (`None`).
    #[inline(never)]
    fn single(&mut self, left: &mut usize) -> Result<Option<u8>, Error> {
        let lookup = self.peek();
        if lookup.count != 0 {
            // Perhaps the first symbol of a pair is the last of the string.
            let symbol = lookup.symbols as u8;
            let bits = CODES[usize::from(symbol)].bits;
            if bits as usize <= *left {
                *left -= bits as usize;
                self.skip(bits);
                return Ok(Some(symbol));
            }
        }
        let window = (self.acc >> 34) as u32;
        for length in 5..=30_u32 {
            let code = window >> (30 - length);
            let group = &GROUPS[length as usize];
            let Some(symbol) = code.checked_sub(group.first_code).filter(|&nth| nth < group.count) else {
                continue;
            };
            if length as usize > *left {
                break; // the rest of the string must be padding
            }
            // RFC 7541 section 5.2: "A Huffman-encoded string literal containing the EOS symbol MUST be treated
            // as a decoding error."
            let symbol = ORDER[(u32::from(group.first_symbol) + symbol) as usize % ORDER.len()];
            let symbol = u8::try_from(symbol).map_err(|_| Error::HuffmanEos)?;
            *left -= length as usize;
            self.skip(length);
            return Ok(Some(symbol));
        }
        // Section 5.2: "A padding strictly longer than 7 bits MUST be treated as a decoding error. A padding not
        // corresponding to the most significant bits of the code for the EOS symbol MUST be treated as a decoding
        // error."
        if *left > 7 || !self.is_padding(*left as u32) {
            return Err(Error::HuffmanPadding);
        }
        *left = 0;
        Ok(None)
    }
}

/// Appends the Huffman code of `string` to `out` at `start`. Returns the end, or `None` as soon as the code turns
/// out not to be shorter than the string.
#[inline]
pub(super) fn encode(string: &[u8], out: &mut [u8], start: usize) -> Option<usize> {
    let limit = start + string.len();
    let mut writer = Writer { out, at: start, acc: 0, bits: 0 };
    let (quads, rest) = string.as_chunks::<4>();
    for quad in quads {
        let [a, b, c, d] = quad.map(|byte| CODES[usize::from(byte)]);
        let (ab, cd) = (a.bits + b.bits, c.bits + d.bits);
        if ab + cd <= 56 {
            let ab = u64::from(a.code) << b.bits | u64::from(b.code);
            let codes = ab << cd | u64::from(c.code) << d.bits | u64::from(d.code);
            writer.put(codes, a.bits + b.bits + cd);
        } else {
            for code in [a, b, c, d] {
                writer.put(code.code.into(), code.bits);
            }
        }
        if writer.at >= limit {
            return None;
        }
    }
    for &byte in rest {
        let code = CODES[usize::from(byte)];
        writer.put(code.code.into(), code.bits);
    }
    if writer.bits > 0 {
        let padding = 8 - writer.bits;
        writer.put((1 << padding) - 1, padding);
    }
    (writer.at < limit).then_some(writer.at)
}

struct Writer<'a> {
    out: &'a mut [u8],
    at: usize,
    /// The bits that do not fill an octet yet, at the low end.
    acc: u64,
    bits: u32,
}

impl Writer<'_> {
    /// Appends at most 56 bits and stores what fills octets, and up to seven octets of no meaning behind them.
    #[inline]
    fn put(&mut self, code: u64, bits: u32) {
        self.acc = self.acc << bits | code;
        self.bits += bits;
        let word = (self.acc << (64 - self.bits)).to_be_bytes();
        if let Some(room) = self.out.get_mut(self.at..).and_then(|out| out.first_chunk_mut::<8>()) {
            *room = word;
        } else {
            for (to, from) in self.out.get_mut(self.at..).unwrap_or_default().iter_mut().zip(word) {
                *to = from;
            }
        }
        self.at += (self.bits / 8) as usize;
        self.bits %= 8;
    }
}

/// How many octets the Huffman code of `string` takes.
pub(super) fn encoded_len(string: &[u8]) -> usize {
    let bits: usize = string.iter().map(|&byte| usize::from(LENGTHS[usize::from(byte)])).sum();
    bits.div_ceil(8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn round_trip(string: &[u8]) {
        let mut out = vec![0; string.len() + 16];
        let expected = encoded_len(string);
        match encode(string, &mut out, 3) {
            None => assert!(expected >= string.len()),
            Some(end) => {
                assert_eq!(end - 3, expected);
                for tail in [0, 1, 9] {
                    let mut block = out[..end].to_vec();
                    block.resize(end + tail, 0xa5);
                    let mut back = vec![0; string.len()];
                    assert_eq!(decode(&block, 3, end, &mut back), Ok(string.len()));
                    assert_eq!(back, string);
                    assert_eq!(decoded_len(&block, 3, end), Ok(string.len()));
                    if let Some(short) = string.len().checked_sub(1) {
                        assert_eq!(decode(&block, 3, end, &mut back[..short]), Err(Error::ListTooLarge));
                    }
                }
            }
        }
    }

    /// The code of every string, shorter or not, bit by bit.
    fn plain_encode(string: &[u8]) -> Vec<u8> {
        let mut bits = Vec::new();
        for &byte in string {
            let code = CODES[usize::from(byte)];
            bits.extend((0..code.bits).rev().map(|bit| code.code >> bit & 1 == 1));
        }
        while !bits.len().is_multiple_of(8) {
            bits.push(true);
        }
        bits.chunks(8).map(|bits| bits.iter().fold(0, |byte, &bit| byte << 1 | u8::from(bit))).collect()
    }

    #[test]
    fn codes_of_the_appendix() {
        for (symbol, code, bits) in [
            (0, 0x1ff8, 13),
            (b'0', 0x0, 5),
            (b'a', 0x3, 5),
            (b'z', 0x7b, 7),
            (255, 0x3ff_ffee, 26),
            (10, 0x3fff_fffc, 30),
        ] {
            let found = CODES[usize::from(symbol)];
            assert_eq!((found.code, found.bits), (code, bits), "symbol {symbol}");
        }
        assert_eq!((CODES[256].code, CODES[256].bits), (0x3fff_ffff, 30));
    }

    #[test]
    fn every_symbol_alone_and_in_pairs() {
        for a in (0..=255_u8).step_by(if cfg!(miri) { 15 } else { 1 }) {
            for string in [vec![a], vec![a, b'e'], vec![b'e', a], vec![a; 9], vec![b'0', b'0', b'0', a]] {
                let block = plain_encode(&string);
                let mut back = vec![0; string.len()];
                assert_eq!(decode(&block, 0, block.len(), &mut back), Ok(string.len()));
                assert_eq!(back, string);
            }
        }
    }

    #[test]
    fn padding_and_eos() {
        for (block, fault) in [
            (&[0xff][..], Error::HuffmanPadding),
            (&[0x07, 0xff], Error::HuffmanPadding),
            (&[0x06], Error::HuffmanPadding),
            (&[0x00], Error::HuffmanPadding),
            (&[0xff, 0xff, 0xff, 0xff], Error::HuffmanEos),
            (&[0xff, 0xff, 0xff, 0xfc], Error::HuffmanEos),
            (&[0xff, 0xff, 0xff], Error::HuffmanPadding),
            (&[0xff, 0xfe], Error::HuffmanPadding),
        ] {
            for tail in [&[][..], &[0xff; 9], &[0; 9]] {
                let long = [block, tail].concat();
                assert_eq!(decode(&long, 0, block.len(), &mut [0; 64]), Err(fault), "{block:x?}");
                assert_eq!(decoded_len(&long, 0, block.len()), Err(fault));
            }
        }
        assert_eq!(decode(&[0x07], 0, 1, &mut [0; 8]), Ok(1)); // `0` and three bits of padding
        assert_eq!(decode(&[], 0, 0, &mut []), Ok(0));
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in "[ -~]{0,90}", cut in 0..90_usize) {
            round_trip(text.as_bytes());
            round_trip(&text.as_bytes()[text.len().min(cut)..]);
        }

        #[test]
        fn any_bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            round_trip(&bytes);
            let block = plain_encode(&bytes);
            let mut back = vec![0; bytes.len()];
            prop_assert_eq!(decode(&block, 0, block.len(), &mut back), Ok(bytes.len()));
            prop_assert_eq!(back, bytes);
        }

        #[test]
        fn fast_and_slow_agree_on_any_block(block in proptest::collection::vec(any::<u8>(), 0..40)) {
            let fast = decode(&block, 0, block.len(), &mut [0; 512]);
            prop_assert_eq!(decoded_len(&block, 0, block.len()), fast);
        }
    }
}
