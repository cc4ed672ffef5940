//! node against ours: the `ws` package as client and server, and node's own HTTP server.

mod common;

use common::peer::{Peer, interop_with};
use common::tools;

const NODE: Peer = Peer { script: tools::node, extension: "mjs" };

interop_with!(NODE);
