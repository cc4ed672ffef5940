/// The demo page.
pub(super) const INDEX: &[u8] = include_bytes!("../page/index.html");
