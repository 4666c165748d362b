//! What the documents say is there: the links, files, commands, packages and tests they name.

use std::collections::BTreeSet;
use std::path::{Component, Path};
use std::sync::LazyLock;

use crate::workspace::{assert_no_complaints, workspace};

#[test]
fn every_relative_link_leads_somewhere() {
    let mut complaints = Vec::new();
    for file in workspace().files(".md") {
        for (number, link) in links(&file.text) {
            let target = link.split('#').next().unwrap();
            let outside = target.is_empty() || target.contains("://") || target.starts_with("mailto:");
            if !outside && !workspace().has(&beside(&file.path, target)) {
                complaints.push(format!("{}:{number}: {link} leads nowhere", file.path));
            }
        }
    }
    assert_no_complaints(complaints);
}

#[test]
fn every_anchor_of_a_link_is_a_heading() {
    let mut complaints = Vec::new();
    for file in workspace().files(".md") {
        for (number, link) in links(&file.text) {
            let Some((target, anchor)) = link.split_once('#').filter(|(target, _)| !target.contains("://")) else {
                continue;
            };
            let page = if target.is_empty() { file.path.clone() } else { beside(&file.path, target) };
            let is_page = page.ends_with(".md") && workspace().has(&page);
            if is_page && !anchors(workspace().text(&page)).contains(anchor) {
                complaints.push(format!("{}:{number}: {page} has no heading #{anchor}", file.path));
            }
        }
    }
    assert_no_complaints(complaints);
}

#[test]
fn the_readme_lists_every_document() {
    let pages = workspace().names_in("docs").into_iter().filter(|name| name.ends_with(".md"));
    assert_no_complaints(pages.filter_map(|name| {
        let row = format!("| [docs/{name}](docs/{name}) | ");
        (!workspace().text("README.md").contains(&row)).then(|| format!("README.md: no row `{row}`"))
    }));
}

#[test]
fn every_file_and_folder_that_a_document_names_exists() {
    let top = workspace().names_in(".");
    let mut complaints = Vec::new();
    for file in workspace().files(".md") {
        for (number, span) in code_spans(&file.text) {
            let is_path = !span.contains([' ', '<', '*', '{', '…'])
                && span.split_once('/').is_some_and(|(first, _)| top.contains(first));
            if is_path && !workspace().has(span) {
                complaints.push(format!("{}:{number}: there is no {span}", file.path));
            }
        }
    }
    assert_no_complaints(complaints);
}

#[test]
fn every_command_that_a_document_names_exists() {
    let tasks = commands_of("xtask/src/main.rs", "enum Task");
    let local = commands_of(LOCAL_COMMANDS.0, LOCAL_COMMANDS.1);
    let packages: BTreeSet<&str> = workspace().packages().iter().map(|package| package.name.as_str()).collect();
    let mut complaints = Vec::new();
    for file in workspace().files(".md") {
        for (line, number) in file.text.lines().zip(1..) {
            let named = |before: &'static str| named_after(line, before).collect::<Vec<_>>();
            let mut missing = Vec::new();
            missing.extend(named("cargo xtask ").into_iter().filter(|task| !tasks.contains(*task)));
            missing.extend(named("cargo local ").into_iter().filter(|command| !local.contains(*command)));
            missing
                .extend([named(" -p "), named(" --package ")].concat().into_iter().filter(|p| !packages.contains(p)));
            complaints.extend(missing.into_iter().map(|name| format!("{}:{number}: there is no {name}", file.path)));
        }
    }
    assert_no_complaints(complaints);
}

#[test]
fn every_decision_is_in_the_index() {
    let index = workspace().text("docs/decisions/README.md");
    let decisions = workspace().names_in("docs/decisions").into_iter().filter(|name| name != "README.md");
    assert_no_complaints(decisions.filter_map(|name| {
        (!index.contains(&format!("({name})"))).then(|| format!("docs/decisions/README.md does not name {name}"))
    }));
}

#[test]
fn every_test_that_the_traceability_table_names_exists() {
    let table = workspace().text("docs/traceability.md");
    let named: Vec<(usize, &str)> = code_spans(table).filter(|(_, span)| is_test_name(span)).collect();
    assert!(named.len() > 5, "the table names {} tests: this check would see nothing", named.len());
    let unknown = named.into_iter().filter(|(_, name)| !is_defined_test(name));
    assert_no_complaints(
        unknown.map(|(number, name)| format!("docs/traceability.md:{number}: there is no test {name}")),
    );
}

/// Whether the name is that of a test, and a function has it.
pub(crate) fn is_defined_test(name: &str) -> bool {
    static DEFINED: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
        let lines = workspace().files(".rs").flat_map(|file| file.code().map(|(_, line)| line));
        lines.filter_map(|line| line.split_once("fn ")?.1.split(['(', '<']).next()).collect()
    });
    is_test_name(name) && DEFINED.contains(name)
}

#[test]
fn the_readme_shows_every_operation_with_its_route() {
    let readme = workspace().text("README.md");
    assert_no_complaints(alims_interface::ROUTES.iter().filter_map(|operation| {
        let row = format!("| {} | `{} {}", operation.name, operation.method, operation.path);
        (!readme.contains(&row)).then(|| format!("README.md: no row `{row}`"))
    }));
}

#[test]
fn the_readme_explains_every_code_of_a_refusal() {
    let rows =
        alims_edge::problem::ProblemCode::ALL.map(|code| format!("| `{}` | {}", code.as_str(), code.status().as_u16()));
    let missing = rows.into_iter().filter(|row| !workspace().text("README.md").contains(row));
    assert_no_complaints(missing.map(|row| format!("README.md: no row `{row}`")));
}

/// Where the local server's commands are, and what they are called there.
const LOCAL_COMMANDS: (&str, &str) = ("local/src/cli.rs", "enum Command");

/// The variants of an enum of commands, as they are typed.
fn commands_of(path: &str, opening: &str) -> BTreeSet<String> {
    let lines = workspace().text(path).lines().skip_while(|line| !line.contains(opening)).skip(1);
    let variants = lines.take_while(|line| *line != "}").filter_map(|line| {
        let line = line.strip_prefix("    ")?;
        let name = line.split([',', '{', '(', ' ']).next()?;
        name.starts_with(char::is_uppercase).then(|| kebab(name))
    });
    let found: BTreeSet<String> = variants.collect();
    assert!(!found.is_empty(), "no {opening} in {path}");
    found
}

/// A variant's name as clap has it typed.
fn kebab(variant: &str) -> String {
    let parted = |(at, c): (usize, char)| {
        let hyphen = (at > 0 && c.is_uppercase()).then_some('-');
        hyphen.into_iter().chain(c.to_lowercase())
    };
    variant.chars().enumerate().flat_map(parted).collect()
}

/// The words that follow a text on a line, where they are names.
fn named_after<'a>(line: &'a str, before: &'static str) -> impl Iterator<Item = &'a str> {
    line.match_indices(before).filter_map(move |(at, _)| {
        let rest = &line[at + before.len()..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
        let name = &rest[..end];
        name.starts_with(|c: char| c.is_ascii_lowercase()).then_some(name)
    })
}

/// The targets of links, each with its line.
fn links(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines()).flat_map(|(number, line)| {
        line.match_indices("](").filter_map(move |(at, opening)| {
            let rest = &line[at + opening.len()..];
            rest.find(')').map(|end| (number, &rest[..end]))
        })
    })
}

/// The anchors that GitHub makes of a page's headings, and those that stand in it.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut fenced = false;
    let plain = text.lines().filter(|line| {
        fenced ^= line.starts_with("```");
        !fenced
    });
    let headings =
        plain.filter_map(|line| line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')));
    let slug = |heading: &str| -> String {
        let kept = heading.to_lowercase().replace(' ', "-");
        kept.chars().filter(|char| char.is_alphanumeric() || matches!(char, '-' | '_')).collect()
    };
    headings.map(slug).collect()
}

/// What stands between backticks on one line, each with its line. Fenced blocks hold no such spans.
pub(crate) fn code_spans(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.starts_with("```"))
        .flat_map(|(number, line)| line.split('`').skip(1).step_by(2).map(move |span| (number, span)))
}

fn is_test_name(span: &str) -> bool {
    span.matches('_').count() >= 3 && span.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// A link's target from the root on.
fn beside(document: &str, target: &str) -> String {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for component in Path::new(target).components() {
        match component {
            Component::ParentDir => {
                parts.pop();
            }
            Component::Normal(part) => parts.push(part.to_str().unwrap()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    parts.join("/")
}
