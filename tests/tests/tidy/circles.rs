//! No two modules of a package import each other, directly or by way of others: each can be read after those it uses.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::TargetKind;

use crate::modules::{Crate, Reference};
use crate::workspace::{assert_no_complaints, workspace};

#[test]
fn no_modules_import_each_other_in_a_circle() {
    let mut complaints = Vec::new();
    for package in workspace().packages() {
        let built = |kind: &TargetKind| matches!(kind, TargetKind::Lib | TargetKind::Bin);
        let targets = package.targets.iter().filter(|target| target.kind.iter().any(built));
        let circles = targets.flat_map(|target| {
            let root = workspace().path_of(&target.src_path);
            circles_in(&Crate::read(&root, &|path| workspace().text_if_any(path)))
        });
        complaints.extend(circles.map(|circle| format!("{}: {circle}", package.name)));
    }
    assert_no_complaints(complaints);
}

/// The circles of a crate, each with all its edges and the lines that make them.
fn circles_in(krate: &Crate) -> Vec<String> {
    let references = krate.references();
    let mut edges: BTreeMap<&str, BTreeMap<&str, Vec<&Reference>>> = BTreeMap::new();
    for reference in &references {
        edges.entry(&reference.from).or_default().entry(&reference.to).or_default().push(reference);
    }
    let mut reached: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for from in edges.keys() {
        let found = reached.entry(from).or_default();
        let mut open = vec![*from];
        while let Some(module) = open.pop() {
            open.extend(edges.get(module).into_iter().flat_map(BTreeMap::keys).filter(|to| found.insert(to)));
        }
    }
    let circle_of = |from: &&str| -> BTreeSet<&str> {
        let back = |to: &&&str| reached.get(**to).is_some_and(|reached| reached.contains(from));
        reached[from].iter().filter(back).copied().collect()
    };
    let circles: BTreeSet<BTreeSet<&str>> = reached.keys().map(circle_of).filter(|circle| !circle.is_empty()).collect();
    circles.iter().map(|circle| described(circle, &edges)).collect()
}

fn described(circle: &BTreeSet<&str>, edges: &BTreeMap<&str, BTreeMap<&str, Vec<&Reference>>>) -> String {
    let mut text = format!("a circle of {}", circle.iter().copied().collect::<Vec<_>>().join(", "));
    for from in circle {
        for (to, references) in edges[from].iter().filter(|(to, _)| circle.contains(*to)) {
            let lines: Vec<String> =
                references.iter().map(|reference| format!("{} (line {})", reference.name, reference.line)).collect();
            text += &format!("\n    {} imports of {to}: {}", references[0].file, lines.join(", "));
        }
    }
    text
}

/// The circles of a crate whose files are these, by the modules in each.
fn circles_of(files: &[(&'static str, &'static str)]) -> Vec<String> {
    circles_in(&Crate::read("src/lib.rs", &|path| files.iter().find(|(name, _)| *name == path).map(|(_, text)| *text)))
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let ways = [
        "use crate::one::One; pub struct Two(One);",
        "use crate::{one::{self, Other}}; pub struct Two; fn f() -> one::One { one::make() }",
        "use super::one::*; pub struct Two(One);",
        "pub struct Two(super::one::One);",
        "pub use crate::one::One; pub struct Two;",
        "pub struct Two; fn f() { println!(\"{}\", crate::one::NUMBER); }",
        "use crate::One as First; pub struct Two(First);",
        "pub struct Two; fn f() { use crate::renamed::One; let _ = One; }",
        "pub mod deep { pub struct Deep(crate::one::One); } pub struct Two(deep::Deep);",
    ];
    for two in ways {
        let one =
            ("src/one.rs", "use crate::two::Two; pub struct One(Two); pub struct Other; pub const NUMBER: u8 = 1;");
        let root = ("src/lib.rs", "mod one; mod two; pub use one::One; pub use one as renamed;");
        let circles = circles_of(&[root, one, ("src/two.rs", two)]);
        assert_eq!(circles.len(), 1, "{two}: {circles:?}");
        assert!(circles[0].contains("src/one.rs imports of two"), "{circles:?}");
    }
}

#[test]
fn a_re_export_makes_no_circle() {
    let root = ("src/lib.rs", "mod parent;");
    let parent = ("src/parent/mod.rs", "mod one; mod two; pub use one::One; pub use two::{self, Two};");
    let one = ("src/parent/one.rs", "use super::Two; use crate::parent::two::f; pub struct One(Two);");
    let two = ("src/parent/two.rs", "pub struct Two; pub fn f() {} #[cfg(test)] mod tests { use super::super::One; }");
    assert_eq!(circles_of(&[root, parent, one, two]), Vec::<String>::new());
}

#[test]
fn a_definition_of_a_parent_makes_a_circle_when_parent_and_child_import_each_other() {
    let root = ("src/lib.rs", "mod parent;");
    let child = ("src/parent/child.rs", "use super::Own; pub struct Child(Own);");
    let passes_on = ("src/parent.rs", "mod child; pub use child::Child; pub struct Own;");
    assert_eq!(circles_of(&[root, passes_on, child]), Vec::<String>::new());
    for uses in [
        "mod child; use child::Child; pub struct Own; fn f(_: Child) {}",
        "mod child; pub use child::Child; pub struct Own; fn f(_: Child) {}",
        "mod child; pub struct Own; fn f(_: child::Child) {}",
    ] {
        let circles = circles_of(&[root, ("src/parent.rs", uses), child]);
        assert_eq!(circles.len(), 1, "{uses}: {circles:?}");
    }
}
