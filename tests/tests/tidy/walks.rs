//! The walks of ARCHITECTURE.md: every file that a step opens exists, and holds the names that the step says are in it.

use std::collections::BTreeSet;

use crate::workspace::{File, assert_no_complaints, workspace};

const PAGE: &str = "ARCHITECTURE.md";
/// The heading of each walk.
const WALKS: [&str; 3] = ["## Walk: one request", "## Walk: one event", "## Walk: one recovery"];
/// A walk of fewer steps would mean that this check no longer sees them.
const STEPS_MIN: usize = 8;

#[test]
fn every_step_of_a_walk_opens_a_file_that_holds_the_names_it_gives() {
    let page = workspace().text(PAGE);
    let mut complaints = Vec::new();
    for walk in WALKS {
        let steps = steps_of(page, walk);
        if steps.len() < STEPS_MIN {
            complaints.push(format!("{PAGE}: {walk}: {} steps", steps.len()));
        }
        for (place, (number, step)) in (1..).zip(&steps) {
            if *number != place {
                complaints.push(format!("{PAGE}: {walk}: step {number} is the {place}. one"));
            }
            let wrong = wrong_in(step, |path| workspace().all_files().iter().find(|file| file.path == path));
            complaints.extend(wrong.into_iter().map(|wrong| format!("{PAGE}: {walk}: step {number}: {wrong}")));
        }
    }
    assert_no_complaints(complaints);
}

#[test]
fn a_step_that_names_no_file_or_what_is_not_in_it_is_found() {
    let file = File { path: "a/b.rs".to_owned(), text: "// third\nfn first() -> Second {}\n".to_owned() };
    let wrong = |step: &str| wrong_in(step, |path| (path == file.path).then_some(&file));
    assert_eq!(wrong("`a/b.rs`: `first` gives `Second`, 503, `r#…` and `not-found`."), Vec::<String>::new());
    assert_eq!(wrong("`first` is in `a/b.rs`."), ["it does not begin with a file"]);
    assert_eq!(wrong("`a/c.rs`: `first`."), ["there is no a/c.rs"]);
    assert_eq!(wrong("`a/b.rs`: `third`, `Second::fourth`, `fir`."), ["third", "fourth", "fir"].map(missing_in_b));
    let second = "2. `c`\n   `d`\n\n   no more\n## Next\n1. `e`\n";
    assert_eq!(steps_of(&format!("## One\n1. `a`\n{second}"), "## One"), [(1, "`a`".into()), (2, "`c` `d`".into())]);
}

fn missing_in_b(name: &str) -> String {
    format!("a/b.rs does not hold {name}")
}

/// The numbered steps below a heading, each on one line with its number. A step ends at the next one or at an empty line.
fn steps_of(page: &str, heading: &str) -> Vec<(usize, String)> {
    let below = page.lines().skip_while(|line| *line != heading).skip(1);
    let (mut steps, mut open) = (Vec::<(usize, String)>::new(), false);
    for line in below.take_while(|line| !line.starts_with("## ")) {
        let numbered = line.split_once(". ").and_then(|(number, step)| Some((number.parse().ok()?, step)));
        if let Some((number, step)) = numbered {
            steps.push((number, step.to_owned()));
            open = true;
        } else if line.is_empty() {
            open = false;
        } else if let Some((_, step)) = steps.last_mut().filter(|_| open) {
            step.push(' ');
            step.push_str(line.trim());
        }
    }
    steps
}

/// What is wrong with a step: a file that is not there, or a name that is not in the file named last before it.
fn wrong_in<'a>(step: &str, file_at: impl Fn(&str) -> Option<&'a File>) -> Vec<String> {
    let spans: Vec<&str> = step.split('`').skip(1).step_by(2).collect();
    if !step.starts_with('`') || !spans.first().is_some_and(|span| is_file(span)) {
        return vec!["it does not begin with a file".to_owned()];
    }
    let (mut wrong, mut open) = (Vec::new(), None);
    for span in spans {
        if is_file(span) {
            open = file_at(span).map(|file| (file, words_of(file)));
            if open.is_none() {
                wrong.push(format!("there is no {span}"));
            }
        } else if let Some((file, words)) = open.as_ref().filter(|_| is_name(span)) {
            let missing = span.split("::").filter(|name| !words.contains(name));
            wrong.extend(missing.map(|name| format!("{} does not hold {name}", file.path)));
        }
    }
    wrong
}

/// The words of a file's code. Comments do not count: what is only mentioned is not there.
fn words_of(file: &File) -> BTreeSet<&str> {
    file.code().flat_map(|(_, line)| line.split(|c: char| !c.is_alphanumeric() && c != '_')).collect()
}

fn is_file(span: &str) -> bool {
    let bare = !span.contains([' ', '<', '*', '{', '…']);
    bare && span.contains('/') && span.rsplit('/').next().is_some_and(|name| name.contains('.'))
}

/// Whether a span is the name of a function, a type or a constant, perhaps with the type it belongs to.
fn is_name(span: &str) -> bool {
    let of_letters = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    span.split("::").all(of_letters)
}
