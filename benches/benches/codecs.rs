//! All groups under criterion: `cargo bench -p benches -- ws_recv` runs those whose name contains the text.
#![allow(missing_docs)] // what the macros below generate

use benches::groups;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// A pass runs every message in rotation; what is reported is one operation.
fn all(criterion: &mut Criterion) {
    for (_, cases) in groups::ALL {
        for mut case in cases() {
            let mut group = criterion.benchmark_group(format!("{}/{}", case.group, case.shape));
            group.throughput(match case.bytes {
                0 => Throughput::Elements(1),
                bytes => Throughput::Bytes(bytes),
            });
            for contestant in &mut case.contestants {
                group.bench_function(contestant.name, |bencher| {
                    bencher.iter_custom(|operations| {
                        let passes = operations.div_ceil(case.operations);
                        let share = operations as f64 / (passes * case.operations) as f64;
                        contestant.time(passes).mul_f64(share)
                    });
                });
            }
        }
    }
}

criterion_group! {
    name = codecs;
    config = Criterion::default()
        .sample_size(30)
        .warm_up_time(std::time::Duration::from_millis(200))
        .measurement_time(std::time::Duration::from_millis(600));
    targets = all
}
criterion_main!(codecs);
