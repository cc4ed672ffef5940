//! Python against ours: the `websockets` package as client and server, and `http.server`.

mod common;

use common::peer::{Peer, interop_with};
use common::tools;

const PYTHON: Peer = Peer { script: tools::python, extension: "py" };

interop_with!(PYTHON);
