/// What one end wants of permessage-deflate, as server or as client.
///
/// The names are those of the extension's parameters and of libwebsockets' options;
/// [`set_option`](Self::set_option) sets them by name. Values outside their range count as the nearest inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeflateConfig {
    /// The server is to forget each message before it compresses the next
    /// ([section 7.1.1.1](https://www.rfc-editor.org/rfc/rfc7692#section-7.1.1.1)). Default off.
    pub server_no_context_takeover: bool,
    /// The client is to
    /// ([section 7.1.1.2](https://www.rfc-editor.org/rfc/rfc7692#section-7.1.1.2)). Default off.
    pub client_no_context_takeover: bool,
    /// How far back, as a power of two, what the server sends may refer
    /// ([section 7.1.2.1](https://www.rfc-editor.org/rfc/rfc7692#section-7.1.2.1)). 8 to 15, default 15.
    pub server_max_window_bits: u8,
    /// How far back what the client sends may refer. A server can ask only those clients for less that offer it
    /// ([section 7.1.2.2](https://www.rfc-editor.org/rfc/rfc7692#section-7.1.2.2)). 8 to 15, default 15.
    pub client_max_window_bits: u8,
    /// From 1, fast, to 9, small; 0 compresses nothing. Default 1.
    pub compression_level: u8,
    /// How much memory compressing may take, from 1 to 9. Default 8. Only zlib-rs has a choice here.
    pub mem_level: u8,
    /// The most inflated bytes that one event tells, as a power of two, 7 to 24; the scratch space bounds them too.
    /// Default 16.
    pub rx_buf_size: u8,
    /// The most payload bytes, as a power of two, that one call of `send` compresses. A longer message goes in several
    /// frames. 7 to 24, default 16.
    pub tx_buf_size: u8,
    /// Messages of fewer bytes are not compressed unless [`Compress::Always`](super::Compress) asks for it; without
    /// context takeover, messages of less than four times as many. Default 64.
    pub threshold: u16,
}

impl Default for DeflateConfig {
    fn default() -> Self {
        Self {
            server_no_context_takeover: false,
            client_no_context_takeover: false,
            server_max_window_bits: 15,
            client_max_window_bits: 15,
            compression_level: 1,
            mem_level: 8,
            rx_buf_size: 16,
            tx_buf_size: 16,
            threshold: 64,
        }
    }
}

impl DeflateConfig {
    /// Neither side keeps anything between messages.
    #[must_use]
    pub const fn without_takeover(self) -> Self {
        Self { server_no_context_takeover: true, client_no_context_takeover: true, ..self }
    }

    /// Sets an option by its name: a field of this type, with a decimal number. The two `no_context_takeover` take
    /// nothing or `1` for yes and `0` for no.
    ///
    /// # Errors
    /// No such option, or not a value in its range; nothing was changed.
    pub fn set_option(&mut self, name: &str, value: &str) -> Result<(), OptionError> {
        let in_range = |least: u8, most: u8| {
            let value = u8::try_from(number(value)?).map_err(|_| OptionError::Value)?;
            if (least..=most).contains(&value) { Ok(value) } else { Err(OptionError::Value) }
        };
        let yes = || match value {
            "" | "1" => Ok(true),
            "0" => Ok(false),
            _ => Err(OptionError::Value),
        };
        match name {
            "server_no_context_takeover" => self.server_no_context_takeover = yes()?,
            "client_no_context_takeover" => self.client_no_context_takeover = yes()?,
            "server_max_window_bits" => self.server_max_window_bits = in_range(8, 15)?,
            "client_max_window_bits" => self.client_max_window_bits = in_range(8, 15)?,
            "compression_level" => self.compression_level = in_range(0, 9)?,
            "mem_level" => self.mem_level = in_range(1, 9)?,
            "rx_buf_size" => self.rx_buf_size = in_range(7, 24)?,
            "tx_buf_size" => self.tx_buf_size = in_range(7, 24)?,
            "threshold" => self.threshold = number(value)?,
            _ => return Err(OptionError::Name),
        }
        Ok(())
    }

    /// With every value in its range.
    pub(crate) fn clamped(self) -> Self {
        Self {
            server_max_window_bits: self.server_max_window_bits.clamp(8, 15),
            client_max_window_bits: self.client_max_window_bits.clamp(8, 15),
            compression_level: self.compression_level.min(9),
            mem_level: self.mem_level.clamp(1, 9),
            rx_buf_size: self.rx_buf_size.clamp(7, 24),
            tx_buf_size: self.tx_buf_size.clamp(7, 24),
            ..self
        }
    }
}

fn number(text: &str) -> Result<u16, OptionError> {
    let digits = text.bytes().map(|byte| if byte.is_ascii_digit() { Some(byte - b'0') } else { None });
    let add = |sum: u16, digit: Option<u8>| sum.checked_mul(10)?.checked_add(digit?.into());
    if text.is_empty() { None } else { digits.into_iter().try_fold(0, add) }.ok_or(OptionError::Value)
}

/// Why an option was not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptionError {
    /// There is no option of this name.
    Name,
    /// It does not take this value.
    Value,
}

impl core::fmt::Display for OptionError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Name => "no such option of permessage-deflate",
            Self::Value => "not a value of this option of permessage-deflate",
        })
    }
}

impl core::error::Error for OptionError {}
