//! The page on regulations names what exists: clauses, files, tests and properties, and promises nothing.

use std::collections::BTreeSet;

use crate::documents::{code_spans, is_defined_test};
use crate::specification::properties_checked;
use crate::workspace::{assert_no_complaints, workspace};

const PAGE: &str = "docs/compliance.md";
const HEADER: &str = "| clause | text | what supports it | code | tests | properties | the laboratory |";

/// The clauses of 21 CFR Part 11 that say something to a system or to those who use it, and the sections of Annex 11.
const CLAUSES: [&str; 34] = [
    "11.10(a)",
    "11.10(b)",
    "11.10(c)",
    "11.10(d)",
    "11.10(e)",
    "11.10(f)",
    "11.10(g)",
    "11.10(h)",
    "11.10(i)",
    "11.10(j)",
    "11.10(k)",
    "11.30",
    "11.50",
    "11.70",
    "11.200(a)(1)",
    "11.100(a)",
    "11.100(b)",
    "11.100(c)",
    "11.300(d)",
    "4.1–4.7",
    "4.8",
    "5",
    "6",
    "7.1",
    "7.2",
    "8.1",
    "8.2",
    "9",
    "10",
    "11",
    "13",
    "14",
    "16",
    "17",
];

/// What only those who use the software can say of themselves.
const CLAIMS: [&str; 7] = [
    "11 compliant",
    "11-compliant",
    "are compliant",
    "certified for",
    "complies with",
    "fully compliant",
    "is compliant",
];

/// A row of one of the tables: where it stands, and its cells.
struct Row {
    line: usize,
    cells: Vec<&'static str>,
}

fn rows() -> Vec<Row> {
    let lines = (1..).zip(workspace().text(PAGE).lines()).filter(|(_, line)| line.starts_with("| "));
    let rows: Vec<Row> = lines
        .filter(|(_, line)| *line != HEADER)
        .map(|(number, line)| Row { line: number, cells: line.trim_matches('|').split('|').map(str::trim).collect() })
        .collect();
    assert!(rows.len() > 30, "{} rows: this test sees nothing", rows.len());
    rows
}

#[test]
fn every_row_names_files_tests_and_properties_that_exist_and_what_the_laboratory_does() {
    let properties = properties_checked();
    let mut complaints = Vec::new();
    for Row { line, cells } in rows() {
        let [clause, text, support, code, tests, proved, laboratory] = cells[..] else {
            complaints.push(format!("{PAGE}:{line}: {} columns", cells.len()));
            continue;
        };
        let spans = |cell: &'static str| code_spans(cell).map(|(_, span)| span);
        let missing = spans(code).filter(|path| !workspace().has(path)).map(|path| format!("there is no {path}"));
        let unknown = spans(tests).filter(|name| !is_defined_test(name)).map(|name| format!("there is no test {name}"));
        let unproved =
            spans(proved).filter(|name| !properties.contains(*name)).map(|name| format!("no model checks {name}"));
        let empty = [text, support, laboratory].into_iter().any(str::is_empty).then(|| "an empty cell".to_owned());
        let silent = [code, tests, proved].into_iter().any(|cell| spans(cell).next().is_none() && cell != "none");
        let silent = silent.then(|| "a cell of proofs that has none does not say so".to_owned());
        let found = missing.chain(unknown).chain(unproved).chain(empty).chain(silent);
        complaints.extend(found.map(|complaint| format!("{PAGE}:{line}: {clause}: {complaint}")));
    }
    assert_no_complaints(complaints);
}

#[test]
fn every_clause_has_a_row() {
    let rows = rows();
    let clauses: BTreeSet<&str> = rows.iter().filter_map(|row| row.cells.first().copied()).collect();
    assert_no_complaints(
        CLAUSES.iter().filter(|clause| !clauses.contains(*clause)).map(|clause| format!("{PAGE}: no row for {clause}")),
    );
}

/// Software supports a regulation; only those who use it can comply with it.
#[test]
fn no_document_claims_to_comply() {
    let mut complaints = Vec::new();
    for file in workspace().files(".md") {
        let claims = |line: &str| CLAIMS.iter().any(|claim| line.contains(claim));
        let claimed = (1..).zip(file.text.lines()).filter(|(_, line)| claims(&line.to_lowercase()));
        complaints.extend(claimed.map(|(number, line): (usize, &str)| format!("{}:{number}: {line}", file.path)));
    }
    assert_no_complaints(complaints);
}
