use std::time::Duration;

use proto_core::Instant;
use proto_h1::{Field, Preset, date};

/// What every response carries: the date, rendered once a second, and the name of the server.
#[derive(Debug)]
pub(crate) struct Stamp {
    /// The time of day, in microseconds since 1970, at the start of the driver's clock.
    epoch: Option<u64>,
    second: u64,
    server: Option<String>,
    date: Option<[u8; date::LEN]>,
    preset: Preset,
}

impl Stamp {
    /// `server` is the value of `Server`; one that cannot be sent is left out.
    pub(crate) fn new(server: Option<String>) -> Self {
        let server = server.filter(|server| Preset::new(&[Field::new("server", server)]).is_ok());
        let mut stamp = Self { epoch: None, second: 0, server, date: None, preset: Preset::EMPTY };
        stamp.render(None);
        stamp
    }

    /// Takes the time of day from the driver.
    pub(crate) fn set(&mut self, now: Instant, unix: Duration) {
        let unix = u64::try_from(unix.as_micros()).unwrap_or(u64::MAX);
        self.epoch = Some(unix.saturating_sub(now.as_micros()));
        self.second = u64::MAX;
        self.advance(now);
    }

    /// Takes the time.
    #[inline]
    pub(crate) fn advance(&mut self, now: Instant) {
        let Some(epoch) = self.epoch else { return };
        let second = epoch.saturating_add(now.as_micros()) / 1_000_000;
        if second != self.second {
            self.second = second;
            self.render(Some(second));
        }
    }

    /// A server without a clock sends no date
    /// ([RFC 9110 §6.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1)).
    fn render(&mut self, second: Option<u64>) {
        self.date = second.map(date::format);
        let date = self.date.as_ref().map(|date| Field::new("date", date));
        let server = self.server.as_deref().map(|server| Field::new("server", server));
        let both = match (server, date) {
            (Some(server), Some(date)) => Preset::new(&[server, date]),
            (Some(server), None) => Preset::new(&[server]),
            (None, _) => Err(proto_core::SendError::Misuse),
        };
        let date_only = |_| date.map_or(Ok(Preset::EMPTY), |date| Preset::new(&[date]));
        self.preset = both.or_else(date_only).unwrap_or_default();
    }

    /// The same as fields, for protocols that compress them.
    pub(crate) fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        let server = self.server.as_deref().map(|server| Field::new("server", server));
        let date = self.date.as_ref().map(|date| Field::new("date", date));
        server.into_iter().chain(date)
    }

    /// The lines of `Server` and `Date`.
    pub(crate) fn preset(&self) -> &Preset {
        &self.preset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_follows_the_clock_second_by_second() {
        let mut stamp = Stamp::new(None);
        stamp.advance(Instant::from_secs(5));
        assert_eq!(stamp.preset().as_bytes(), b"");
        stamp.set(Instant::from_secs(5), Duration::from_millis(784_111_777_900));
        assert_eq!(stamp.preset().as_bytes(), b"date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
        stamp.advance(Instant::from_millis(5_099));
        assert_eq!(stamp.preset().as_bytes(), b"date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
        stamp.advance(Instant::from_millis(5_100));
        assert_eq!(stamp.preset().as_bytes(), b"date: Sun, 06 Nov 1994 08:49:38 GMT\r\n");
    }
}
