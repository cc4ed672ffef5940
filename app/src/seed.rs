use std::hash::Hasher as _;

use siphasher::sip::SipHasher24;

/// Random-looking values that nobody can predict who does not know the seed: a keyed hash of a counter.
pub(crate) struct Seeds {
    key: [u8; 32],
    counter: u64,
}

impl Seeds {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self { key, counter: 0 }
    }

    /// Sixteen bytes, different each time.
    pub(crate) fn next(&mut self) -> [u8; 16] {
        let mut seed = [0; 16];
        for (half, key) in seed.chunks_exact_mut(8).zip(self.key.chunks_exact(16)) {
            let (low, high) = key.split_at(8);
            let word = |bytes: &[u8]| bytes.iter().fold(0, |word, &byte| word << 8 | u64::from(byte));
            let mut hasher = SipHasher24::new_with_keys(word(low), word(high));
            hasher.write_u64(self.counter);
            half.copy_from_slice(&hasher.finish().to_le_bytes());
        }
        self.counter += 1;
        seed
    }
}

impl std::fmt::Debug for Seeds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seeds { .. }")
    }
}

#[cfg(test)]
mod tests {
    use super::Seeds;

    #[test]
    fn seeds_differ_by_counter_and_by_key() {
        let mut seeds = Seeds::new([7; 32]);
        let first = seeds.next();
        assert_ne!(first, seeds.next());
        assert_eq!(first, Seeds::new([7; 32]).next());
        assert_ne!(first, Seeds::new([8; 32]).next());
    }
}
