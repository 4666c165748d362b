//! The modules of a crate and what each names of the others, read from its sources without tests.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, Macro, UseTree, Visibility};

/// How many re-exports are followed one after another. Beyond it they lead in a circle of their own.
const RE_EXPORTS_MAX: u8 = 16;

/// A module's place: the names that lead to it from the crate's root.
type Place = Vec<String>;
/// What a file holds, when there is such a file.
type Files<'f, 't> = dyn Fn(&str) -> Option<&'t str> + 'f;

/// What a module names that another one defines.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reference {
    /// The module that names it, as `edge::body`; the crate's root is `crate`.
    pub(crate) from: String,
    /// The module that defines it.
    pub(crate) to: String,
    /// The file that names it.
    pub(crate) file: String,
    /// The line of that file.
    pub(crate) line: usize,
    /// The path as it is written.
    pub(crate) name: String,
}

/// The modules of one crate.
#[derive(Default)]
pub(crate) struct Crate(BTreeMap<Place, Module>);

/// What a module holds.
#[derive(Default)]
struct Module {
    file: String,
    /// The names it defines.
    items: BTreeSet<String>,
    /// The names it imports or passes on, each with its path.
    bindings: BTreeMap<String, Place>,
    /// The modules or enums of which it imports all names.
    globs: Vec<Place>,
    /// The paths it names.
    named: Vec<Named>,
}

/// A path as it stands in a module.
struct Named {
    line: usize,
    path: Place,
    /// Whether the module passes it on. What it passes on of its own children it need not know.
    passed_on: bool,
}

/// Where a path leads.
enum Leads {
    /// To what this module defines.
    To(Place),
    /// To this module itself. It is what is named through it that counts.
    Module(Place),
    /// Out of the crate, or to what a function has of its own.
    Elsewhere,
}

impl Crate {
    /// Reads a crate from its root file on; `text` gives what a file holds.
    pub(crate) fn read<'t>(root: &str, text: &Files<'_, 't>) -> Self {
        let mut krate = Self::default();
        krate.read_file(Place::new(), root, text);
        krate
    }

    fn read_file<'t>(&mut self, place: Place, file: &str, text: &Files<'_, 't>) {
        let source = text(file).unwrap_or_else(|| panic!("{file} is missing"));
        let parsed = syn::parse_file(source).unwrap_or_else(|error| panic!("{file}: {error}"));
        self.read_module(place, file, &parsed.items, text);
    }

    fn read_module<'t>(&mut self, place: Place, file: &str, items: &[Item], text: &Files<'_, 't>) {
        let mut reader = Reader { module: Module { file: file.to_owned(), ..Module::default() }, children: Vec::new() };
        items.iter().for_each(|item| reader.visit_item(item));
        self.0.insert(place.clone(), reader.module);
        for child in reader.children {
            let name = child.ident.to_string();
            let place_of_child = [place.as_slice(), std::slice::from_ref(&name)].concat();
            match &child.content {
                Some((_, items)) => self.read_module(place_of_child, file, items, text),
                None => {
                    let file = file_of_child(file, &name, text);
                    self.read_file(place_of_child, &file, text);
                }
            }
        }
    }

    /// Everything that a module names and another one defines.
    pub(crate) fn references(&self) -> BTreeSet<Reference> {
        let mut references = BTreeSet::new();
        for (place, module) in &self.0 {
            for Named { line, path, passed_on } in &module.named {
                if let Leads::To(defining) = self.follow(place, path, RE_EXPORTS_MAX)
                    && defining != *place
                    && !(*passed_on && defining.starts_with(place))
                {
                    references.insert(Reference {
                        from: written(place),
                        to: written(&defining),
                        file: module.file.clone(),
                        line: *line,
                        name: path.join("::"),
                    });
                }
            }
        }
        references
    }

    /// Where a path leads that stands in this module.
    fn follow(&self, from: &[String], path: &[String], re_exports: u8) -> Leads {
        let (mut place, mut rest) = (from.to_vec(), path);
        while let Some((first, others)) = rest.split_first() {
            match first.as_str() {
                "crate" => place.clear(),
                "self" => {}
                "super" => drop(place.pop()),
                _ => break,
            }
            rest = others;
        }
        let relative = rest.len() == path.len();
        match self.walk(place, rest, re_exports) {
            // A first name that the module does not know is a crate, or what a function has of its own.
            Leads::To(found) if relative && found == from && !self.knows(&found, rest) => Leads::Elsewhere,
            leads @ (Leads::To(_) | Leads::Module(_) | Leads::Elsewhere) => leads,
        }
    }

    fn knows(&self, place: &[String], path: &[String]) -> bool {
        path.first().is_some_and(|name| self.0[place].items.contains(name))
    }

    fn walk(&self, place: Place, path: &[String], re_exports: u8) -> Leads {
        let Some((name, rest)) = path.split_first() else { return Leads::Module(place) };
        let Some(module) = self.0.get(&place) else { return Leads::Elsewhere };
        let child = [place.as_slice(), std::slice::from_ref(name)].concat();
        // A function may bear the name of a module beside it.
        let is_item = module.items.contains(name) || module.bindings.contains_key(name);
        if self.0.contains_key(&child) && !(rest.is_empty() && is_item) {
            return self.walk(child, rest, re_exports);
        }
        if module.items.contains(name) {
            return Leads::To(place);
        }
        let Some(left) = re_exports.checked_sub(1) else { return Leads::Elsewhere };
        if let Some(bound) = module.bindings.get(name) {
            return match self.follow(&place, &[bound.as_slice(), rest].concat(), left) {
                // Of another crate: whoever takes it from here depends on this module.
                Leads::Elsewhere => Leads::To(place),
                leads @ (Leads::To(_) | Leads::Module(_)) => leads,
            };
        }
        for glob in &module.globs {
            if let Leads::Module(of) = self.follow(&place, glob, left)
                && of != place
                && let Some(known) = self.0.get(&of)
                && (known.items.contains(name) || known.bindings.contains_key(name))
            {
                return self.walk(of, path, left);
            }
        }
        // What a macro makes has no name in the source.
        Leads::To(place)
    }
}

fn written(place: &[String]) -> String {
    if place.is_empty() { "crate".to_owned() } else { place.join("::") }
}

fn file_of_child(file: &str, name: &str, text: &Files<'_, '_>) -> String {
    let (folder, own) = file.rsplit_once('/').unwrap();
    let folder = match own {
        "lib.rs" | "main.rs" | "mod.rs" => folder.to_owned(),
        // A binary of one file has its own folder, `src/bin`.
        _ if folder.ends_with("/bin") => folder.to_owned(),
        _ => file.trim_end_matches(".rs").to_owned(),
    };
    let flat = format!("{folder}/{name}.rs");
    if text(&flat).is_some() { flat } else { format!("{folder}/{name}/mod.rs") }
}

/// Reads one module's items.
struct Reader<'ast> {
    module: Module,
    children: Vec<&'ast ItemMod>,
}

impl<'ast> Visit<'ast> for Reader<'ast> {
    fn visit_item(&mut self, item: &'ast Item) {
        let (attributes, name) = attributes_and_name(item);
        if attributes.iter().any(is_for_tests) {
            return;
        }
        self.module.items.extend(name);
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.children.push(item);
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let passed_on = !matches!(item.vis, Visibility::Inherited);
        if item.leading_colon.is_none() {
            self.import(&item.tree, &mut Place::new(), passed_on);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none()
            && let Some(first) = path.segments.first()
        {
            let line = first.ident.span().start().line;
            let path = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.module.named.push(Named { line, path, passed_on: false });
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast Macro) {
        self.visit_path(&called.path);
        self.name_in(called.tokens.clone());
    }

    /// Documentation links where it wants to.
    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

impl Reader<'_> {
    fn import(&mut self, tree: &UseTree, path: &mut Place, passed_on: bool) {
        match tree {
            UseTree::Path(step) => {
                path.push(step.ident.to_string());
                self.import(&step.tree, path, passed_on);
                path.pop();
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, path, passed_on)),
            UseTree::Name(name) => self.bind(path, &name.ident, &name.ident, passed_on),
            UseTree::Rename(renamed) => self.bind(path, &renamed.ident, &renamed.rename, passed_on),
            UseTree::Glob(_) => self.module.globs.push(path.clone()),
        }
    }

    fn bind(&mut self, path: &[String], name: &syn::Ident, bound: &syn::Ident, passed_on: bool) {
        let mut full = path.to_vec();
        let mut bound_as = bound.to_string();
        if name == "self" {
            if bound == "self" {
                bound_as = path.last().unwrap().clone();
            }
        } else {
            full.push(name.to_string());
        }
        self.module.named.push(Named { line: name.span().start().line, path: full.clone(), passed_on });
        self.module.bindings.insert(bound_as, full);
    }

    /// Paths in what a macro is called with, which is no syntax until the macro made some of it.
    fn name_in(&mut self, tokens: TokenStream) {
        let (mut path, mut line) = (Place::new(), 0);
        let mut before = String::new();
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if before == "::" && !path.is_empty() => path.push(ident.to_string()),
                TokenTree::Ident(ident) => {
                    self.end_of_path(&mut path, line);
                    // A field or a method is no path.
                    if before != "." {
                        line = ident.span().start().line;
                        path.push(ident.to_string());
                    }
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && before == ":" => {
                    before = "::".to_owned();
                    continue;
                }
                TokenTree::Punct(punct) => {
                    before = punct.as_char().to_string();
                    continue;
                }
                TokenTree::Group(group) => self.name_in(group.stream()),
                TokenTree::Literal(_) => {}
            }
            before.clear();
        }
        self.end_of_path(&mut path, line);
    }

    fn end_of_path(&mut self, path: &mut Place, line: usize) {
        if !path.is_empty() {
            self.module.named.push(Named { line, path: std::mem::take(path), passed_on: false });
        }
    }
}

/// `#[test]`, and `#[cfg(test)]` alone or with further conditions.
fn is_for_tests(attribute: &Attribute) -> bool {
    let written = attribute.path();
    let tests = |list: &syn::MetaList| {
        let condition = list.tokens.to_string().replace(' ', "");
        condition == "test" || condition.starts_with("all(test,")
    };
    written.is_ident("test") || (written.is_ident("cfg") && attribute.meta.require_list().is_ok_and(tests))
}

#[allow(clippy::wildcard_enum_match_arm, reason = "syn may add items, as Rust does")]
fn attributes_and_name(item: &Item) -> (&[Attribute], Option<String>) {
    let (attributes, ident) = match item {
        Item::Const(item) => (&item.attrs, Some(&item.ident)),
        Item::Enum(item) => (&item.attrs, Some(&item.ident)),
        Item::Fn(item) => (&item.attrs, Some(&item.sig.ident)),
        Item::Impl(item) => (&item.attrs, None),
        Item::Macro(item) => (&item.attrs, item.ident.as_ref()),
        Item::Mod(item) => (&item.attrs, None),
        Item::Static(item) => (&item.attrs, Some(&item.ident)),
        Item::Struct(item) => (&item.attrs, Some(&item.ident)),
        Item::Trait(item) => (&item.attrs, Some(&item.ident)),
        Item::Type(item) => (&item.attrs, Some(&item.ident)),
        Item::Union(item) => (&item.attrs, Some(&item.ident)),
        Item::Use(item) => (&item.attrs, None),
        _ => return (&[], None),
    };
    (attributes, ident.map(ToString::to_string))
}
