//! HTTP/2 frames that a client sends to a server.

/// Frames of one kind or mix, over and over on the same connection.
#[derive(Debug, Clone)]
pub struct Wire {
    /// What they are.
    pub name: String,
    /// What opens the streams 1 and 3, after the preface and SETTINGS.
    pub opening: Vec<u8>,
    /// The frames, back to back.
    pub frames: Vec<u8>,
    /// How many there are.
    pub count: u64,
    /// What is to be seen in them: the octets of data, and one for each request.
    pub tally: u64,
    /// Where the identifiers are that grow with every pass.
    new: Vec<usize>,
    next: u32,
}

const ROTATION: u32 = 64;

impl Wire {
    /// Every kind.
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for size in [16, 100, 1024, 16_384] {
            let mut wire = Self::new(format!("DATA {}", crate::size(size)));
            (0..ROTATION).for_each(|nth| wire.data(nth % 2 * 2 + 1, size));
            all.push(wire);
        }
        let mut wire = Self::new("WINDOW_UPDATE".to_owned());
        (0..ROTATION).for_each(|nth| wire.window_update([0, 1, 0, 3][nth as usize % 4]));
        wire.data(1, 16); // something to be seen
        all.push(wire);
        let mut wire = Self::new("DATA 100 B, WINDOW_UPDATE, PING".to_owned());
        for nth in 0..ROTATION {
            wire.data(nth % 2 * 2 + 1, 100);
            wire.window_update(nth % 2 * 2 + 1);
            if nth % 16 == 0 {
                wire.window_update(0);
                wire.push(6, 0, 0, &[7; 8]);
            }
        }
        all.push(wire);
        let mut wire = Self::new("HEADERS, RST_STREAM".to_owned());
        for _ in 0..ROTATION {
            wire.new.push(wire.frames.len() + 5);
            // GET http://example.com/ by the static table and one literal.
            wire.push(1, 5, 0, b"\x82\x86\x84\x01\x0bexample.com");
            wire.new.push(wire.frames.len() + 5);
            wire.push(3, 0, 0, &[0, 0, 0, 8]);
            wire.tally += 1;
        }
        all.push(wire);
        all
    }

    /// Gives the streams that this pass opens identifiers that have not been used yet.
    pub fn next(&mut self) {
        // The two frames of a pair are on the same stream.
        for (nth, &at) in (0_u32..).zip(&self.new) {
            let id = self.next + nth / 2 * 2;
            self.frames[at..at + 4].copy_from_slice(&id.to_be_bytes());
        }
        self.next += self.new.len() as u32;
    }

    fn new(name: String) -> Self {
        let mut wire = Self {
            name,
            opening: Vec::new(),
            frames: Vec::new(),
            count: 0,
            tally: 0,
            new: Vec::new(),
            next: 5,
        };
        for id in [1, 3] {
            wire.push(1, 4, id, b"\x83\x86\x84\x01\x0bexample.com");
        }
        wire.opening = std::mem::take(&mut wire.frames);
        wire.count = 0;
        wire
    }

    fn data(&mut self, id: u32, size: usize) {
        self.push(0, 0, id, &vec![b'x'; size]);
        self.tally += size as u64;
    }

    /// By one octet, so that windows do not overflow while they are measured.
    fn window_update(&mut self, id: u32) {
        self.push(8, 0, id, &[0, 0, 0, 1]);
    }

    fn push(&mut self, kind: u8, flags: u8, id: u32, payload: &[u8]) {
        self.frames.extend_from_slice(&(payload.len() as u32).to_be_bytes()[1..]);
        self.frames.extend_from_slice(&[kind, flags]);
        self.frames.extend_from_slice(&id.to_be_bytes());
        self.frames.extend_from_slice(payload);
        self.count += 1;
    }
}
