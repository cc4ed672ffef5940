//! The options about compression that `serve` and `ws` share.

use app::DeflateConfig;
use clap::Args;

use crate::exit::{Failure, Kind};

/// Whether and how WebSockets are compressed.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Deflate {
    /// Do not compress WebSocket messages (permessage-deflate, RFC 7692)
    #[arg(long)]
    no_deflate: bool,
    /// How to compress them: NAME or NAME=VALUE, separated by commas, such as
    /// `server_no_context_takeover,client_max_window_bits=10,compression_level=6`; also client_no_context_takeover,
    /// server_max_window_bits, mem_level, rx_buf_size, tx_buf_size and threshold
    #[arg(long, value_name = "OPTIONS", value_delimiter = ',', conflicts_with = "no_deflate")]
    deflate: Vec<String>,
}

impl Deflate {
    pub(crate) fn config(&self) -> Result<Option<DeflateConfig>, Failure> {
        let mut config = DeflateConfig::default();
        for option in &self.deflate {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            config
                .set_option(name, value)
                .map_err(|error| Failure::new(Kind::Usage, format!("--deflate {option}: {error}")))?;
        }
        Ok((!self.no_deflate).then_some(config))
    }
}
