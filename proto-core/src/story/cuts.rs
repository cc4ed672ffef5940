use alloc::vec::Vec;

/// Which ways of cutting an input are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cuts {
    /// Inputs up to this long are cut once at every position; longer ones at as many sampled positions.
    pub single: usize,
    /// How many pairs of positions are sampled.
    pub double: usize,
    /// The seed of the sampling.
    pub seed: u64,
}

impl Default for Cuts {
    /// Every single cut up to 1024 bytes, 64 double cuts.
    fn default() -> Self {
        Self { single: 1024, double: 64, seed: 0x9e37_79b9_7f4a_7c15 }
    }
}

impl Cuts {
    /// A lighter set for fuzzing, where many inputs matter more than many cuts of one.
    pub const fn sampled(seed: u64) -> Self {
        Self { single: 48, double: 16, seed }
    }

    /// The positions to cut at, for an input of `len` bytes.
    pub(super) fn plans(&self, len: usize) -> Vec<Vec<usize>> {
        let mut random = self.seed | 1;
        let mut position = move || {
            // xorshift64: reproducible, and good enough to pick places
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random % len.max(1) as u64) as usize
        };
        let mut plans = Vec::new();
        if len <= self.single {
            plans.extend((1..len).map(|at| Vec::from([at])));
        } else {
            plans.extend((0..self.single).map(|_| Vec::from([position()])));
        }
        plans.extend((0..if len > 2 { self.double } else { 0 }).map(|_| {
            let (a, b) = (position(), position());
            Vec::from([a.min(b), a.max(b)])
        }));
        plans
    }
}
