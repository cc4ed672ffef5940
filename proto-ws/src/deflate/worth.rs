/// How many bytes are looked at.
const SAMPLE: usize = 512;

/// Whether `payload` looks like what is compressed or encrypted already: all values about equally often.
///
/// Among `SAMPLE` bytes of such data about one pair in 256 is equal, 511 pairs, seldom more than 600; text has ten
/// times as many, and numbers of more than one byte have several times as many.
pub(crate) fn looks_random(payload: &[u8]) -> bool {
    if payload.len() < SAMPLE {
        return false;
    }
    let mut counts = [0_u16; 256];
    let mut pairs = 0_u32;
    // spread over the payload, in runs: a header of its own kind at the front decides nothing
    let stride = payload.len() / 16;
    for run in payload.chunks(stride).take(16) {
        for &byte in run.iter().take(SAMPLE / 16) {
            let count = &mut counts[usize::from(byte)];
            pairs += u32::from(*count);
            *count += 1;
        }
    }
    pairs < 640
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn noise(len: usize, mut seed: u64) -> Vec<u8> {
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 56) as u8
        };
        (0..len).map(|_| next()).collect()
    }

    #[test]
    fn noise_is_told_from_data() {
        let (lengths, seeds): (&[usize], u64) =
            if cfg!(miri) { (&[512, 513], 1) } else { (&[512, 513, 4000, 70_000], 50) };
        for &len in lengths {
            for seed in 0..seeds {
                assert!(looks_random(&noise(len, seed)), "{len} {seed}");
            }
            let text: Vec<u8> =
                b"{\"id\": 31337, \"name\": \"sanswire\"} ".iter().copied().cycle().take(len).collect();
            assert!(!looks_random(&text));
            let floats: Vec<u8> =
                (0..len as u32).flat_map(|n| (n as f32 * 1.618).to_le_bytes()).take(len).collect();
            assert!(!looks_random(&floats));
        }
        assert!(!looks_random(&noise(511, 1)));
    }
}
