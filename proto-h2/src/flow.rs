//! Flow control (RFC 9113 section 5.2 and 6.9): one type for each direction, used for connection and streams alike.
//! Nothing else changes a window.

/// The largest window (section 6.9.1).
pub(crate) const MAX_WINDOW: u32 = (1 << 31) - 1;

/// What may still be sent. Below zero after the peer has lowered its initial window (section 6.9.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SendWindow(i32);

/// The window would be larger than [`MAX_WINDOW`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overflow;

impl SendWindow {
    pub(crate) fn new(size: u32) -> Self {
        Self(size.min(MAX_WINDOW) as i32)
    }

    /// Octets that may be sent.
    #[inline]
    pub(crate) fn available(self) -> u32 {
        self.0.max(0) as u32
    }

    /// WINDOW_UPDATE.
    pub(crate) fn increase(&mut self, increment: u32) -> Result<(), Overflow> {
        self.shift(i64::from(increment))
    }

    /// Another initial window: the difference, either way.
    pub(crate) fn shift(&mut self, difference: i64) -> Result<(), Overflow> {
        self.0 = i32::try_from(i64::from(self.0) + difference).map_err(|_| Overflow)?;
        Ok(())
    }

    /// Octets are sent, no more than are available.
    #[inline]
    pub(crate) fn take(&mut self, octets: u32) {
        self.0 -= octets.min(self.available()) as i32;
    }
}

/// What the peer may still send, and what of that which it has sent is to be given back to it.
///
/// Of each octet received, exactly one of these is true: it is held by the application, owed to the peer, or
/// returned by a WINDOW_UPDATE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReceiveWindow {
    available: i32,
    held: u32,
    /// Below zero when the application has taken back credit.
    owed: i32,
}

impl ReceiveWindow {
    pub(crate) fn new(size: u32) -> Self {
        Self { available: size.min(MAX_WINDOW) as i32, held: 0, owed: 0 }
    }

    /// Octets have come; `false` when they are more than was allowed.
    #[inline]
    pub(crate) fn receive(&mut self, octets: u32) -> bool {
        let allowed = i64::from(octets) <= i64::from(self.available);
        if allowed {
            self.available -= octets as i32;
        }
        allowed
    }

    /// Octets that have come are done with.
    #[inline]
    pub(crate) fn consume(&mut self, octets: u32) {
        self.owed = self.owed.saturating_add_unsigned(octets);
    }

    /// Octets that have come are kept by the application.
    pub(crate) fn hold(&mut self, octets: u32) {
        self.held = self.held.saturating_add(octets);
    }

    /// The application gives back at most what it holds.
    pub(crate) fn release(&mut self, octets: u32) {
        let octets = octets.min(self.held);
        self.held -= octets;
        self.consume(octets);
    }

    /// All that is held is given back.
    pub(crate) fn release_all(&mut self) {
        self.release(self.held);
    }

    /// The application changes what the peer may send in all.
    pub(crate) fn grant(&mut self, octets: i32) {
        self.owed = self.owed.saturating_add(octets);
    }

    /// Another initial window of ours has been acknowledged.
    pub(crate) fn shift(&mut self, difference: i64) {
        let shifted = i64::from(self.available) + difference;
        self.available = shifted.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
    }

    /// What the peer may send, as far as is known here; below zero when it was told late that it is less.
    pub(crate) fn available(self) -> i32 {
        self.available
    }

    /// The increment of a WINDOW_UPDATE that should be sent now: once half of `target` is owed, so that there are
    /// few, or once the peer can send nothing. The window counts it as sent.
    #[inline]
    pub(crate) fn update(&mut self, target: u32) -> Option<u32> {
        let due = self.owed > 0 && (self.owed as u32 >= target / 2 || self.available <= 0);
        if !due {
            return None;
        }
        let increment = i64::from(self.owed).min(i64::from(i32::MAX) - i64::from(self.available));
        let increment =
            u32::try_from(increment).ok().filter(|&increment| increment > 0 && increment <= MAX_WINDOW)?;
        self.available = self.available.saturating_add_unsigned(increment);
        self.owed -= increment as i32;
        Some(increment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn send_windows_go_below_zero_and_never_above_the_maximum() {
        let mut window = SendWindow::new(100);
        window.take(60);
        window.shift(-70).unwrap();
        assert_eq!((window.0, window.available()), (-30, 0));
        window.increase(31).unwrap();
        assert_eq!(window.available(), 1);
        assert_eq!(window.increase(MAX_WINDOW), Err(Overflow));
        window.increase(MAX_WINDOW - 1).unwrap();
        assert_eq!(window.available(), MAX_WINDOW);
    }

    #[derive(Debug, Clone)]
    enum Operation {
        Receive(u32, bool),
        Release(u32),
        Grant(i32),
        Update,
    }

    fn operation() -> impl Strategy<Value = Operation> {
        prop_oneof![
            (0..5000_u32, any::<bool>()).prop_map(|(octets, hold)| Operation::Receive(octets, hold)),
            (0..6000_u32).prop_map(Operation::Release),
            (-3000..3000_i32).prop_map(Operation::Grant),
            Just(Operation::Update),
        ]
    }

    proptest! {
        /// What is available, held and owed always adds up to what was granted.
        #[test]
        fn credit_is_conserved(target in 1..10_000_u32, operations in proptest::collection::vec(operation(), 0..if cfg!(miri) { 20 } else { 200 })) {
            let mut window = ReceiveWindow::new(target);
            let mut granted = i64::from(target);
            for operation in operations {
                match operation {
                    Operation::Receive(octets, hold) => {
                        let available = window.available();
                        let allowed = window.receive(octets);
                        prop_assert_eq!(allowed, i64::from(octets) <= i64::from(available));
                        match (allowed, hold) {
                            (true, true) => window.hold(octets),
                            (true, false) => window.consume(octets),
                            _ => {}
                        }
                    }
                    Operation::Release(octets) => window.release(octets),
                    Operation::Grant(octets) => {
                        window.grant(octets);
                        granted += i64::from(octets);
                    }
                    Operation::Update => {
                        let before = window.available();
                        if let Some(increment) = window.update(target) {
                            prop_assert_eq!(i64::from(window.available()), i64::from(before) + i64::from(increment));
                        }
                    }
                }
                let sum = i64::from(window.available) + i64::from(window.held) + i64::from(window.owed);
                prop_assert_eq!(sum, granted);
            }
            // Nothing is stuck: with everything released, the peer can send again if anything is granted at all.
            window.release_all();
            window.update(target);
            prop_assert!(granted <= 0 || window.available() > 0);
        }
    }
}
