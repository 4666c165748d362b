//! What the sources may take for granted of the machine: nothing that only a machine used before has.

use crate::workspace::{assert_no_complaints, workspace};

/// Folders that cargo makes beneath its target folder, wherever that is. Taken apart, so that this file does not find
/// itself.
const BUILT: [&str; 3] = [concat!("target", "/debug"), concat!("target", "/measure"), concat!("target", "/release")];
/// Who may ask which program is running: `shared/testing` finds the binaries beside it; `local` and `xtask` start
/// themselves again.
const MAY_ASK_WHICH_PROGRAM_RUNS: [&str; 3] =
    ["shared/testing/src/built.rs", "local/src/demo/stage.rs", "xtask/src/sam_local/mod.rs"];

#[test]
fn no_source_assumes_the_folder_that_cargo_builds_in() {
    let mut complaints = Vec::new();
    for file in workspace().files(".rs") {
        for (number, line) in file.code() {
            for folder in BUILT.iter().filter(|folder| line.contains(*folder)) {
                complaints.push(format!("{}:{number}: {folder}: find it with alims_testing::built_binary", file.path));
            }
            let finds_its_own = line.contains(concat!("current", "_exe()"));
            if finds_its_own && !MAY_ASK_WHICH_PROGRAM_RUNS.contains(&file.path.as_str()) {
                complaints.push(format!("{}:{number}: find it with alims_testing::built_binary", file.path));
            }
        }
    }
    assert_no_complaints(complaints);
}

#[test]
fn no_source_asks_cargo_for_dependencies_of_other_platforms() {
    // Cargo's metadata resolves for every platform, and wants crates that no build on this one downloads.
    let count = |text: &str, call: &str| text.matches(call).count();
    let resolves = |text: &str| {
        count(text, concat!("Metadata", "Command::new()")) > count(text, concat!(".no", "_deps()"))
            || text.contains(concat!("\"--target", "=all\""))
            || text.contains(concat!("\"--target", "\", \"all\""))
    };
    let complaints = workspace().files(".rs").filter(|file| resolves(&file.text));
    assert_no_complaints(complaints.map(|file| format!("{}: a fresh machine has only its own platform's", file.path)));
}
