//! Octets that are replaced, removed and put in.

use proptest::prelude::*;
use proptest::sample::Index;

/// A few changes at places that a length makes definite.
#[derive(Debug, Clone)]
pub struct Damage(Vec<(Index, usize, Vec<u8>)>);

impl Damage {
    /// Changes `octets`. The least damage is none.
    pub fn to(&self, octets: &mut Vec<u8>) {
        for (at, removed, put_in) in &self.0 {
            let at = at.index(octets.len() + 1);
            let end = (at + removed).min(octets.len());
            octets.splice(at..end, put_in.iter().copied());
        }
    }

    /// `octets` when it is done with them.
    pub fn of(&self, octets: &[u8]) -> Vec<u8> {
        let mut octets = octets.to_vec();
        self.to(&mut octets);
        octets
    }

    /// Whether it changes anything.
    pub fn is_none(&self) -> bool {
        self.0.iter().all(|(_, removed, put_in)| *removed == 0 && put_in.is_empty())
    }
}

/// Up to `most` changes: some octets go, and any octet, nothing or one of the `telling` sequences comes.
pub fn damage(telling: &'static [&'static [u8]], most: usize) -> impl Strategy<Value = Damage> {
    let put_in = prop_oneof![
        1 => Just(Vec::new()),
        1 => any::<u8>().prop_map(|octet| vec![octet]),
        2 => (0..telling.len().max(1)).prop_map(|at| telling.get(at).map_or(Vec::new(), |octets| octets.to_vec())),
    ];
    let removed = prop_oneof![3 => 0..2_usize, 1 => 0..5_usize];
    prop::collection::vec((any::<Index>(), removed, put_in), 0..=most).prop_map(Damage)
}
