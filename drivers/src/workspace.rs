use app::Service;

use crate::files::Files;
use crate::limits::{Limits, Stats};
use crate::link::Apart;
use crate::pool::Pool;
use crate::table::Table;
use crate::transport::Io;
use crate::uring::Done;

/// What the links of one thread share: buffers, space for decoded data, open files, limits and counters.
#[derive(Debug)]
pub struct Workspace {
    pub(crate) limits: Limits,
    pub(crate) stats: Stats,
    pub(crate) pool: Pool,
    pub(crate) io: Io,
    #[expect(clippy::vec_box, reason = "it is the boxes that are used again")]
    pub(crate) spare: Vec<Box<Apart>>,
    pub(crate) files: Files,
    pub(crate) scratch: Box<[u8]>,
    /// The least room for output that a service is asked to work with.
    pub(crate) min_output: usize,
}

impl Workspace {
    /// A workspace for the connections of `service`.
    pub fn new<S: Service>(limits: Limits, service: &S) -> Self {
        let min_output = service.min_output();
        let full = limits.buffer.max(service.min_input()).max(min_output.saturating_mul(2));
        Self {
            stats: Stats::default(),
            pool: Pool::new(full, limits.pool),
            io: Io::Direct,
            spare: Vec::new(),
            files: Files::new(limits.files),
            scratch: vec![0; limits.scratch].into_boxed_slice(),
            min_output,
            limits,
        }
    }

    /// The next thing that the ring has done, if there is a ring.
    pub(crate) fn done<C>(&mut self, table: &mut Table<C>) -> Option<Done> {
        let Self { io: Io::Ring(ring), pool, stats, .. } = self else { return None };
        ring.done(table, pool, stats)
    }

    /// What was done so far.
    pub fn stats(&self) -> Stats {
        Stats { files_refused: self.files.refused, ..self.stats }
    }
}
