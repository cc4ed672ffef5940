//! Contestants of a case are comparable only when they do the same work.

use benches::groups;

#[test]
fn contestants_of_a_case_see_the_same() {
    for (_, cases) in groups::ALL {
        for mut case in cases() {
            let first = case.tallies();
            assert!(first.iter().all(|(_, tally)| *tally > 0), "{}/{}: {first:?}", case.group, case.shape);
            assert!(
                first.windows(2).all(|pair| pair[0].1 == pair[1].1),
                "{}/{}: {first:?}",
                case.group,
                case.shape
            );
            // What one pass does to the bytes must leave the next one the same work.
            for _ in 0..3 {
                assert_eq!(case.tallies(), first, "{}/{}", case.group, case.shape);
            }
        }
    }
}

#[test]
fn cases_have_names_of_their_own() {
    let mut names: Vec<String> = groups::ALL
        .iter()
        .flat_map(|(_, cases)| cases())
        .flat_map(|case| {
            let name = format!("{}/{}", case.group, case.shape);
            case.contestants.into_iter().map(move |contestant| format!("{name}/{}", contestant.name))
        })
        .collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
}
