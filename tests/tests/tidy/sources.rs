//! What every source file is held to.

use crate::workspace::{File, assert_no_complaints, workspace};

/// Lines of a Rust file, comments and all. Longer, and it is two files.
const FILE_LINES_MAX: usize = 450;
/// Lines of code of a function's `main.rs`: it wires, and does nothing else.
const MAIN_CODE_LINES_MAX: usize = 20;

/// What must not be in any file, and why. Taken apart here, so that this file does not find itself.
const FORBIDDEN: &[(&str, &str)] = &[
    (concat!("to", "do!("), "unfinished"),
    (concat!("unimplement", "ed!("), "unfinished"),
    (concat!("TO", "DO"), "unfinished"),
    (concat!("FIX", "ME"), "unfinished"),
    (concat!("X", "XX"), "unfinished"),
    (concat!("#[ign", "ore"), "a test that does not run proves nothing"),
    (concat!("db", "g!("), "left over"),
    (concat!("/wo", "rk/"), "a path of one machine"),
    (concat!("/ro", "ot/"), "a path of one machine"),
    (concat!("/ho", "me/"), "a path of one machine"),
    (concat!("/t", "mp/"), "a path of one machine"),
    (concat!("Part 11 compli", "ant"), "it supports the regulation; whether a laboratory complies is the laboratory's"),
];

/// Names that say nothing.
const EMPTY_NAMES: [&str; 5] = ["common", "helpers", "misc", "util", "utils"];
const EMPTY_ENDINGS: [&str; 4] = ["Helper", "Impl", "Manager", "Utils"];

#[test]
fn every_source_file_opens_by_saying_what_it_is() {
    let opens = |file: &&File| !file.text.starts_with("//! ");
    assert_no_complaints(workspace().files(".rs").filter(opens).map(|file| format!("{}: no `//!`", file.path)));
}

#[test]
fn no_source_file_is_longer_than_one_sitting() {
    let too_long = |file: &&File| file.text.lines().count() > FILE_LINES_MAX;
    let complain = |file: &File| format!("{}: {} lines", file.path, file.text.lines().count());
    assert_no_complaints(workspace().files(".rs").filter(too_long).map(complain));
}

#[test]
fn no_file_holds_anything_unfinished_or_a_path_of_one_machine() {
    let mut complaints = Vec::new();
    for file in workspace().all_files().iter().filter(|file| file.path != "Cargo.lock") {
        for (line, number) in file.text.lines().zip(1..) {
            for (what, why) in FORBIDDEN.iter().filter(|(what, _)| line.contains(what)) {
                complaints.push(format!("{}:{number}: {what}: {why}", file.path));
            }
        }
    }
    assert_no_complaints(complaints);
}

#[test]
fn a_function_s_main_only_wires() {
    let mut complaints = Vec::new();
    for operation in workspace().operations() {
        let path = format!("functions/{operation}/src/main.rs");
        match workspace().files(&path).next().map(|file| file.code().count()) {
            None => complaints.push(format!("{path} is missing")),
            Some(lines) if lines > MAIN_CODE_LINES_MAX => complaints.push(format!("{path}: {lines} lines of code")),
            Some(_) => {}
        }
    }
    assert_no_complaints(complaints);
}

#[test]
fn names_say_something() {
    let mut complaints = Vec::new();
    for file in workspace().files(".rs") {
        let parts = file.path.trim_end_matches(".rs").split('/');
        complaints.extend(parts.filter(|part| EMPTY_NAMES.contains(part)).map(|part| format!("{}: {part}", file.path)));
        for (number, line) in file.code() {
            if let Some(name) = type_named_in(line).filter(|name| EMPTY_ENDINGS.iter().any(|end| name.ends_with(end))) {
                complaints.push(format!("{}:{number}: {name}", file.path));
            }
            if line.trim_start().trim_start_matches("async ").starts_with(concat!("fn te", "st_")) {
                complaints.push(format!("{}:{number}: a test's name is a sentence", file.path));
            }
        }
    }
    assert_no_complaints(complaints);
}

fn type_named_in(line: &str) -> Option<&str> {
    let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.find(|word| ["enum", "struct", "trait", "type"].contains(word))?;
    words.find(|word| !word.is_empty())
}
