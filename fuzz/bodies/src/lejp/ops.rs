//! Calls to a parser in any order.

use arbitrary::Arbitrary;
use proto_lejp::{Config, Dialect, Documents, Parser, PathSet};

use crate::calls::calls;
use crate::knobs;

#[derive(Debug, Arbitrary)]
enum Call<'d> {
    /// Adds bytes and reads all there is.
    Receive {
        bytes: &'d [u8],
        scratch: u8,
    },
    /// The same by the parser's own loop, which breaks off after some tokens.
    Each {
        bytes: &'d [u8],
        scratch: u8,
        most: u8,
    },
    Eof,
    Reset,
    Refuse,
}

/// The first byte chooses how to read. The position never goes back, depth and indices keep within the type's limits,
/// and an error stays until a reset.
pub fn ops(data: &[u8]) {
    let ([knob], data) = knobs(data);
    let paths = PathSet::<32>::compile(&["a.b", "a[].b*", "*.b", "[].*", "[][]"]).expect("good patterns");
    let config = Config {
        dialect: if knob & 1 == 0 { Dialect::Strict } else { Dialect::Lejp },
        documents: match knob >> 1 & 3 {
            0 => Documents::One,
            1 => Documents::First,
            2 => Documents::Lines,
            _ => Documents::Concatenated,
        },
        whole: 64,
    };
    let mut parser = Parser::<'_, 6, 40, 3>::with_config(&paths, config);
    let mut pending: Vec<u8> = Vec::new();
    let mut offset = 0;
    for call in calls::<Call<'_>>(data, 64) {
        match &call {
            Call::Receive { bytes, scratch } => {
                pending.extend_from_slice(bytes);
                let mut scratch = vec![0; usize::from(*scratch)];
                while let Ok(step) = parser.receive(&pending, &mut scratch) {
                    let told = step.event.is_some();
                    pending.drain(..step.consumed);
                    if !told {
                        break;
                    }
                }
            }
            Call::Each { bytes, scratch, most } => {
                pending.extend_from_slice(bytes);
                let mut scratch = vec![0; usize::from(*scratch)];
                let mut left = *most;
                let read = parser.each(&pending, &mut scratch, |_, _| {
                    left = left.saturating_sub(1);
                    if left == 0 {
                        core::ops::ControlFlow::Break(())
                    } else {
                        core::ops::ControlFlow::Continue(())
                    }
                });
                if let Ok((consumed, _)) = read {
                    pending.drain(..consumed);
                }
            }
            Call::Eof => {
                for _ in 0..4 {
                    let _ = parser.receive_eof();
                }
            }
            Call::Reset => {
                parser.reset();
                pending.clear();
                offset = 0;
            }
            Call::Refuse => {
                let error = parser.refuse();
                assert_eq!(parser.error(), Some(error));
            }
        }
        assert!(parser.offset() >= offset, "{call:?} went back");
        offset = parser.offset();
        assert!(parser.depth() <= 6 && parser.indices().len() <= 3, "{call:?}");
        let _ = (format!("{}", parser.path()), parser.wildcard(0), parser.wildcard(9));
        if let Some(error) = parser.error() {
            assert_eq!(parser.receive(b"[1]", &mut []).err(), Some(error), "{call:?}");
            assert_eq!(parser.receive_eof().err(), Some(error), "{call:?}");
            assert!(parser.wants().close);
        }
    }
}
