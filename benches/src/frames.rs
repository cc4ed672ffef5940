//! WebSocket frames to receive and payloads to send.

/// How much of a stream lies in one receive buffer: what a driver gives a codec at once.
const BUFFER: usize = 32 * 1024;
/// Messages in rotation, so that no branch predictor learns a payload or a key by heart.
const ROTATION: usize = 64;

/// What a message carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Any bytes.
    Binary,
    /// Text of ASCII characters.
    Ascii,
    /// Text of characters of one to four bytes.
    Mixed,
}

impl Content {
    /// The name of the case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Ascii => "text",
            Self::Mixed => "mixed text",
        }
    }
}

/// A receive buffer full of masked frames of one length.
///
/// Unmasking is its own inverse, so a buffer that is received in place again and again never has to be filled anew:
/// each pass undoes the one before. Keys for text are chosen such that the text stays valid when it is masked
/// (below 0x80 for ASCII; 0 or 1 in each byte for mixed text), so both states are equally good messages.
#[derive(Debug, Clone)]
pub struct Frames {
    /// The frames, back to back.
    pub wire: Vec<u8>,
    /// How many they are.
    pub count: u64,
    /// The length of each payload.
    pub payload: usize,
    /// What they carry.
    pub content: Content,
}

impl Frames {
    /// As many frames with `payload` bytes each as one receive buffer holds, at least one.
    pub fn new(content: Content, payload: usize) -> Self {
        let mut random = Random::new(payload as u64);
        let distinct: Vec<Vec<u8>> =
            (0..ROTATION.min((1 << 20) / payload)).map(|_| masked(content, payload, &mut random)).collect();
        let count = (BUFFER / (payload + header_len(payload))).max(1);
        let wire = distinct.iter().cycle().take(count).flatten().copied().collect();
        Self { wire, count: count as u64, payload, content }
    }
}

/// `ROTATION` payloads to send.
pub fn payloads(len: usize) -> Vec<Vec<u8>> {
    let mut random = Random::new(len as u64);
    (0..ROTATION).map(|_| plain(Content::Binary, len, &mut random)).collect()
}

/// Length of the header of a masked frame.
pub fn header_len(payload: usize) -> usize {
    match payload {
        0..126 => 6,
        126..65536 => 8,
        _ => 14,
    }
}

fn masked(content: Content, len: usize, random: &mut Random) -> Vec<u8> {
    let opcode = if content == Content::Binary { 2 } else { 1 };
    let keep = match content {
        Content::Binary => 0xff,
        Content::Ascii => 0x7f,
        Content::Mixed => 0x01,
    };
    let mut key = (random.draw() as u32).to_ne_bytes().map(|byte| byte & keep);
    key[0] |= 1; // never the key of all zeros, which a codec could take as a reason to do nothing
    let mut frame = vec![0x80 | opcode];
    match len {
        0..126 => frame.push(0x80 | len as u8),
        126..65536 => {
            frame.push(0x80 | 126);
            frame.extend((len as u16).to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend(key);
    frame.extend(plain(content, len, random).iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

fn plain(content: Content, len: usize, random: &mut Random) -> Vec<u8> {
    // Each character with its last bits flipped is still a character of the same length.
    const MIXED: [&str; 8] = ["ä", "日", "a", "한", "e", "я", "\u{80000}", "n"];
    match content {
        Content::Binary => (0..len).map(|_| random.draw() as u8).collect(),
        Content::Ascii => (0..len).map(|_| b' ' + (random.draw() % 95) as u8).collect(),
        Content::Mixed => {
            let mut text = Vec::with_capacity(len);
            while text.len() < len {
                let next = MIXED[random.draw() as usize % MIXED.len()].as_bytes();
                text.extend_from_slice(if text.len() + next.len() <= len { next } else { b"." });
            }
            text
        }
    }
}

/// xorshift64*: the same bytes in every run.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// A generator of its own for every `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next 32 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32
    }
}
