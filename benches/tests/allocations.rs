//! Once a connection exists, messages and requests cost no allocation.

use benches::allocations::{Counting, during, held_by};
use benches::measure::Standing;
use benches::{groups, sizes};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn the_counter_counts() {
    assert_eq!(during(|| drop(std::hint::black_box(Box::new(1)))), 1);
    assert_eq!(during(|| ()), 0);
    let (made, held) = held_by(|| vec![0_u8; 100]);
    assert_eq!((made.len(), held), (100, 100));
    assert_eq!(held_by(|| drop(made)).1, -100);
}

/// Prints what a connection, a stream and a parser take: `cargo test -p benches --test allocations -- --nocapture`.
#[test]
fn sizes_of_connections_streams_and_parsers() {
    for row in sizes::all() {
        println!("{:<64} {:>6} bytes inline, {:>6} on the heap", row.what, row.inline, row.heap);
        assert!(row.inline > 0 || row.heap > 0, "{}", row.what);
    }
}

#[test]
fn codecs_allocate_nothing_per_operation() {
    for (_, cases) in groups::ALL {
        for mut case in cases() {
            for contestant in case.contestants.iter_mut().filter(|c| c.standing == Standing::Ours) {
                contestant.tally();
                let count = during(|| {
                    contestant.tally();
                });
                assert_eq!(count, 0, "{}/{}/{}", case.group, case.shape, contestant.name);
            }
        }
    }
}
