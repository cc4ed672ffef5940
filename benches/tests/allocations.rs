//! Once a connection exists, messages and requests cost no allocation.

use benches::allocations::{Counting, during};
use benches::groups;
use benches::measure::Standing;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn the_counter_counts() {
    assert_eq!(during(|| drop(std::hint::black_box(Box::new(1)))), 1);
    assert_eq!(during(|| ()), 0);
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
