//! The smoke test tries what shows only on AWS.

use alims_interface::ROUTES;

use crate::workspace::workspace;

/// A role that permits too little shows only when somebody calls.
#[test]
fn the_smoke_test_reads_what_can_be_read_without_naming_a_workflow() {
    const FILE: &str = "admin/src/smoke/trial.rs";
    let (_, from_the_name) = workspace().text(FILE).split_once("const READS:").expect("READS is in trial.rs");
    let (_, from_the_list) = from_the_name.split_once("= [").expect("READS is a list");
    let (reads, _) = from_the_list.split_once("];").expect("READS ends");
    let named = ROUTES.iter().filter(|route| route.method == "GET" && !route.path.contains('{'));
    let left_out = named.filter(|route| !reads.contains(&format!("\"{}\"", route.path)));
    assert_eq!(left_out.map(|route| route.name).collect::<Vec<_>>(), Vec::<&str>::new(), "add these to {FILE}");
}
