/// A natural number of up to 5,120 bits: enough for 801 digits times or over any power of ten that a double has.
///
/// 801 digits take 2,661 bits; 5^1127, the largest divisor, 2,617; a dividend is shifted up until its quotient has
/// 64 bits, so it takes at most 65 more than the divisor, or than its digits.
#[derive(Clone)]
pub(super) struct Big {
    words: [u32; WORDS],
    /// The words from here on are zero.
    len: usize,
}

const WORDS: usize = 160;

impl Big {
    pub(super) const ZERO: Self = Self { words: [0; WORDS], len: 0 };
    pub(super) const ONE: Self = {
        let mut one = Self::ZERO;
        one.words[0] = 1;
        one.len = 1;
        one
    };

    /// `self * factor + addend`, for a factor below 2^32.
    pub(super) fn times_plus(mut self, factor: u32, addend: u64) -> Self {
        let mut carry = u128::from(addend);
        let mut at = 0;
        while at < self.len || carry != 0 {
            let Some(word) = self.words.get_mut(at) else { break };
            carry += u128::from(*word) * u128::from(factor);
            *word = carry as u32;
            carry >>= 32;
            at += 1;
        }
        self.len = self.len.max(at);
        self.trim()
    }

    pub(super) fn times_power_of_five(mut self, mut power: u32) -> Self {
        while power > 0 {
            let step = power.min(13); // 5^13 is the last below 2^32
            self = self.times_plus(5u32.pow(step), 0);
            power -= step;
        }
        self
    }

    fn trim(mut self) -> Self {
        while let Some(top) = self.len.checked_sub(1)
            && self.words.get(top) == Some(&0)
        {
            self.len = top;
        }
        self
    }

    fn bits(&self) -> usize {
        match self.len.checked_sub(1).and_then(|top| self.words.get(top)) {
            Some(top) => self.len * 32 - top.leading_zeros() as usize,
            None => 0,
        }
    }

    /// `self * 2^by`.
    fn shifted(&self, by: usize) -> Self {
        let (words, bits) = (by / 32, by % 32);
        let mut shifted = Self::ZERO;
        let mut carry = 0u64;
        for (to, from) in shifted.words.iter_mut().skip(words).zip(self.words.iter().take(self.len + 1)) {
            carry |= u64::from(*from) << bits;
            *to = carry as u32;
            carry >>= 32;
        }
        shifted.len = (self.len + words + 1).min(WORDS);
        shifted.trim()
    }

    fn bit(&self, at: usize) -> bool {
        self.words.get(at / 32).is_some_and(|word| word >> (at % 32) & 1 == 1)
    }

    /// The leading 64 bits, the number of those below, and whether any of them is set.
    pub(super) fn top(&self) -> (u64, i32, bool) {
        let bits = self.bits();
        let low = bits.saturating_sub(64);
        let top = (low..bits).rev().fold(0, |top, at| top << 1 | u64::from(self.bit(at)));
        (top, low as i32, (0..low).any(|at| self.bit(at)))
    }

    /// The quotient by `divisor` to at least 63 bits: it times two to the power of the second, and whether there is
    /// more.
    pub(super) fn divide(&self, divisor: Self) -> (u64, i32, bool) {
        // With the divisor 63 bits shorter than the dividend, the quotient has 63 or 64 bits; only the
        // difference of the two shifts counts.
        let (mut rest, divisor, shift) = match (divisor.bits() + 63).checked_sub(self.bits()) {
            Some(up) => (self.shifted(up), divisor, -(up as i32)),
            None => {
                let up = self.bits() - divisor.bits() - 63;
                (self.clone(), divisor.shifted(up), up as i32)
            }
        };
        let mut quotient = 0u64;
        // Schoolbook division bit by bit, from 2^63 downwards.
        for place in (0..64).rev() {
            let part = divisor.shifted(place);
            quotient <<= 1;
            if let Some(less) = rest.minus(&part) {
                rest = less;
                quotient |= 1;
            }
        }
        (quotient, shift, rest.len != 0)
    }

    /// `self - other`, `None` below zero.
    fn minus(&self, other: &Self) -> Option<Self> {
        if self.len < other.len {
            return None;
        }
        let mut difference = self.clone();
        let mut borrow = false;
        for (word, less) in difference.words.iter_mut().zip(&other.words).take(self.len) {
            let (value, first) = word.overflowing_sub(*less);
            let (value, second) = value.overflowing_sub(u32::from(borrow));
            *word = value;
            borrow = first || second;
        }
        if borrow { None } else { Some(difference.trim()) }
    }
}
