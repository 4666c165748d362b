//! Walking over a stored history to its first break.

use alims_domain::hash_chain::{Break, BreakKind};
use alims_operations::walk_chain;
use alims_testing::MemoryLog;
use alims_testing::builders::{a_chain, a_key, version};

#[tokio::test]
async fn a_version_missing_before_one_that_cannot_be_read_is_the_first_break() {
    let log = MemoryLog::default();
    a_chain(&a_key("w"), 4, 7).into_iter().for_each(|stored| log.overwrite(stored));
    log.damage(&a_key("w"), version(3), "a bit fell over");
    let walked = walk_chain(&log, &a_key("w"), Some(version(4))).await.unwrap();
    assert_eq!(walked.broken, Some(Break { at: version(3), fault: BreakKind::Unreadable }));
    log.remove(&a_key("w"), version(2));
    let walked = walk_chain(&log, &a_key("w"), Some(version(4))).await.unwrap();
    assert_eq!(walked.broken, Some(Break { at: version(2), fault: BreakKind::Missing }));
}
