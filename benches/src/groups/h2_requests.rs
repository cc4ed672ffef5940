//! Whole exchanges in memory: a client asks, a server answers with a head and content, the client receives both. One
//! operation is one exchange, the work of both ends together; all that is open at a time goes in one write each way.

use std::hint::black_box;

use crate::exchanges::Exchanges;
use crate::measure::{Case, Contestant, Standing};
use crate::ours;
#[cfg(feature = "rivals")]
use crate::rivals::h2;
#[cfg(feature = "rivals-nghttp2")]
use crate::rivals::nghttp2_session;

/// The group's name.
pub const NAME: &str = "h2_requests";

/// Small and large ones, one or sixteen at a time.
pub fn cases() -> Vec<Case> {
    let case = |exchanges: &Exchanges| Case {
        group: NAME,
        shape: format!("{}, {} at a time", exchanges.name, exchanges.at_a_time),
        operations: exchanges.requests.len() as u64,
        bytes: 0,
        contestants: contestants(exchanges),
    };
    Exchanges::all().iter().map(case).collect()
}

fn contestants(exchanges: &Exchanges) -> Vec<Contestant> {
    #[allow(unused_mut)] // without rivals
    let mut all = vec![ours::h2::exchanges(exchanges), copy(exchanges)];
    #[cfg(feature = "rivals-nghttp2")]
    all.push(nghttp2_session::exchanges(exchanges));
    #[cfg(feature = "rivals")]
    all.push(h2::exchanges(exchanges));
    all
}

/// Fields and content, copied from one end to the other.
fn copy(exchanges: &Exchanges) -> Contestant {
    let exchanges = exchanges.clone();
    let mut room = vec![0; 8192];
    Contestant::new("copy", Standing::Floor, move || {
        let mut tally = 0;
        for (request, response) in exchanges.requests.iter().zip(&exchanges.responses) {
            let mut at = 0;
            let fields = request.iter().chain(response).flat_map(|(name, value)| [name, value]);
            for part in fields.map(String::as_bytes).chain([&exchanges.body[..]]) {
                room[at..at + part.len()].copy_from_slice(part);
                at += part.len();
            }
            black_box(&mut room);
            tally += exchanges.body.len() as u64 + 1;
        }
        tally
    })
}
