//! JSON objects with odd member names: names with a special meaning for a library, and names that could break a path, a
//! key, an encoding or an expression.
//!
//! Each document has the text that a caller sends and the value that it means. The value is built member by member,
//! without a parser.

use alims_domain::limits::JSON_DEPTH_MAX;
use fastrand::Rng;
use serde_json::{Map, Value};

/// Begins every name that the service refuses.
const RESERVED: &str = "$serde_json::private::";
/// Names that the service refuses.
const RESERVED_NAMES: [&str; 4] = [
    "$serde_json::private::RawValue",
    "$serde_json::private::Number",
    "$serde_json::private::",
    "$serde_json::private::~/\u{e4}",
];
/// Names that come back as they went in.
const FREE_NAMES: [&str; 76] = [
    // Nearly reserved.
    "$",
    "$serde_json",
    "$serde_json::private",
    "$serde_json::private:RawValue",
    "$SERDE_JSON::PRIVATE::RawValue",
    " $serde_json::private::RawValue",
    "serde_json::private::RawValue",
    "/$serde_json::private::Number",
    // What other libraries give a meaning where they read another format, or another kind of document.
    "$__toml_private_datetime",
    "$__toml_private_Datetime",
    "$__serde_spanned_private_Spanned",
    "$__serde_spanned_private_value",
    "__serde_saphyr_private_spanned",
    "__yaml_tagged",
    "__yaml_rc_anchor",
    "$__cel_private_Duration",
    "$__cel_private_Timestamp",
    "@__sortBy_input__",
    "__entity",
    "__extn",
    "__expr",
    "__type",
    "$ref",
    "$schema",
    "$oid",
    "$timestamp",
    "@type",
    "<<",
    // What programs in JavaScript and engines of templates trip over.
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "hasOwnProperty",
    "length",
    "${a}",
    "{{a}}",
    "{% a %}",
    "Input.$",
    "$.a",
    "$$",
    // Paths, pointers, keys and expressions.
    "",
    "a.b",
    ".",
    "..",
    "a.b[0]",
    "a\\.b",
    "/",
    "a/b",
    "~",
    "~0",
    "~1",
    "a~1b",
    "#a",
    ":a",
    "pk",
    "S",
    "N",
    "NULL",
    "M",
    "hash",
    "version",
    "metadata",
    // Texts that are something else, too.
    "null",
    "true",
    "0",
    "-1",
    "1e999",
    "{\"a\":1}",
    // Characters.
    "\0",
    "\u{1}\t\r\n\u{7f}",
    "\"",
    "\\",
    "'`",
    "日本語 🧪",
    "e\u{301}\u{202e}rtl\u{202c}",
    "\u{feff}\u{2028}\u{10ffff}",
];
/// Values next to and below the names, as JSON; a library would misinterpret the first ones.
const LEAVES: [&str; 14] = [
    r#""1""#,
    r#""{\"a\":[1]}""#,
    r#""{\"a\"""#,
    r#"{"type":"User","id":"alice"}"#,
    r#""1979-05-27T07:32:00Z""#,
    "1",
    "null",
    "true",
    "-1.5",
    r#""""#,
    r#""text\u0000 \ud83e\uddea""#,
    "[]",
    "{}",
    r#"[1,"a",null]"#,
];
/// How many members a document drawn from a seed has at most.
const MEMBERS_MAX: usize = 24;

/// One document.
#[derive(Clone, Debug)]
pub struct OddDocument {
    /// As a caller sends it.
    pub text: String,
    /// Its value.
    pub object: Map<String, Value>,
    /// The places of its reserved names, as JSON pointers; nothing below one is searched.
    reserved: Vec<String>,
}

/// Every odd name in every place that matters, and as many documents again that are drawn from a seed: more than ten
/// thousand.
#[must_use]
pub fn all() -> Vec<OddDocument> {
    let mut documents = in_every_place();
    let mut rng = Rng::with_seed(17);
    documents.extend((0..7000).map(|_| drawn(&mut rng)));
    assert!(documents.len() > 10_000, "only {}", documents.len());
    documents
}

/// This many of them, chosen by a seed: for slower stores and engines.
#[must_use]
pub fn some(count: usize, seed: u64) -> Vec<OddDocument> {
    let mut documents = all();
    Rng::with_seed(seed).shuffle(&mut documents);
    documents.truncate(count);
    documents
}

/// So many of those that the service takes.
#[must_use]
pub fn some_free(count: usize, seed: u64) -> Vec<OddDocument> {
    let mut documents = all();
    documents.retain(OddDocument::is_free);
    Rng::with_seed(seed).shuffle(&mut documents);
    documents.truncate(count);
    documents
}

impl OddDocument {
    /// Whether no name in it is reserved.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.reserved.is_empty()
    }

    /// How many levels of objects and lists it has.
    #[must_use]
    pub fn levels(&self) -> usize {
        1 + self.object.values().map(levels).max().unwrap_or_default()
    }

    /// Where its reserved names are when it is the value of this member.
    #[must_use]
    pub fn reserved_below(&self, member: &str) -> Vec<String> {
        self.reserved.iter().map(|pointer| format!("{member}{pointer}")).collect()
    }

    /// The result of this document as a merge patch of an object, by the algorithm of RFC 7396.
    #[must_use]
    pub fn patched_onto(&self, target: &Map<String, Value>) -> Map<String, Value> {
        match merged(Value::Object(target.clone()), &Value::Object(self.object.clone())) {
            Value::Object(merged) => merged,
            other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                panic!("an object patched by an object is {other}")
            }
        }
    }
}

fn levels(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
        Value::Array(items) => 1 + items.iter().map(levels).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(levels).max().unwrap_or_default(),
    }
}

fn merged(target: Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return patch.clone() };
    let mut members = target.as_object().cloned().unwrap_or_default();
    for (name, value) in patch {
        let before = members.remove(name).unwrap_or_default();
        if !value.is_null() {
            members.insert(name.clone(), merged(before, value));
        }
    }
    Value::Object(members)
}

/// A document before it is written.
#[derive(Clone)]
enum Tree {
    Leaf(&'static str),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

fn object<'n>(members: impl IntoIterator<Item = (&'n str, Tree)>) -> Tree {
    Tree::Object(members.into_iter().map(|(name, tree)| (name.to_owned(), tree)).collect())
}

/// Each name as the only member, first and last, at the top, below, in a list, and as deep as is allowed.
fn in_every_place() -> Vec<OddDocument> {
    let long = "n".repeat(200);
    let free = FREE_NAMES.into_iter().chain([long.as_str()]).map(|name| (name, 4));
    let names = RESERVED_NAMES.into_iter().map(|name| (name, LEAVES.len())).chain(free);
    let mut documents = Vec::new();
    for (name, leaves) in names {
        for leaf in LEAVES.into_iter().take(leaves) {
            let (one, leaf) = (Tree::Leaf("1"), Tree::Leaf(leaf));
            let only = object([(name, leaf.clone())]);
            let first = object([(name, leaf.clone()), ("z", one.clone())]);
            let last = object([("!", one.clone()), (name, leaf.clone())]);
            let deep = |levels: usize| {
                (1..levels).fold(object([(name, one.clone())]), |inner, level| match level % 3 {
                    0 => Tree::List(vec![one.clone(), inner]),
                    _ => object([("in", inner)]),
                })
            };
            let trees = [
                object([("in", only.clone())]),
                object([("in", first.clone())]),
                object([("in", last.clone())]),
                object([("in", Tree::List(vec![one.clone(), only.clone(), first.clone()]))]),
                object([(name, only.clone()), ("in", only.clone())]),
                object([("in", deep(JSON_DEPTH_MAX - 1))]),
                only,
                first,
                last,
            ];
            documents.extend(trees.iter().map(|tree| written(tree, false)));
        }
    }
    documents
}

/// A document of odd names within one another; half of them hold no reserved one.
fn drawn(rng: &mut Rng) -> OddDocument {
    let reserved = if rng.bool() { RESERVED_NAMES.len() } else { 0 };
    let mut left = MEMBERS_MAX;
    let tree = drawn_object(rng, reserved, 6, &mut left);
    written(&tree, rng.u8(..4) == 0)
}

fn drawn_object(rng: &mut Rng, reserved: usize, levels: usize, left: &mut usize) -> Tree {
    let mut members: Vec<(String, Tree)> = Vec::new();
    for _ in 0..=rng.usize(..4) {
        let place = rng.usize(..FREE_NAMES.len() + reserved);
        let name = FREE_NAMES.get(place).unwrap_or_else(|| &RESERVED_NAMES[place - FREE_NAMES.len()]);
        if *left > 0 && !members.iter().any(|(there, _)| there == name) {
            *left -= 1;
            members.push(((*name).to_owned(), drawn_value(rng, reserved, levels - 1, left)));
        }
    }
    Tree::Object(members)
}

fn drawn_value(rng: &mut Rng, reserved: usize, levels: usize, left: &mut usize) -> Tree {
    match rng.u8(..5) {
        0 | 1 if levels > 1 => drawn_object(rng, reserved, levels, left),
        2 if levels > 2 => {
            Tree::List((0..rng.usize(1..3)).map(|_| drawn_value(rng, reserved, levels - 1, left)).collect())
        }
        _ => Tree::Leaf(LEAVES[rng.usize(..LEAVES.len())]),
    }
}

/// Writes a document; a name with each of its characters as an escape is the same name.
fn written(tree: &Tree, escaped: bool) -> OddDocument {
    let (mut text, mut reserved) = (String::new(), Vec::new());
    let value = write(tree, escaped, Some(""), &mut text, &mut reserved);
    OddDocument { text, object: value.as_object().expect("a document is an object").clone(), reserved }
}

/// Appends the text of a part and gives its value. The place is none below a reserved name.
fn write(tree: &Tree, escaped: bool, place: Option<&str>, text: &mut String, reserved: &mut Vec<String>) -> Value {
    match tree {
        Tree::Leaf(leaf) => {
            text.push_str(leaf);
            serde_json::from_str(leaf).expect("a leaf is JSON")
        }
        Tree::List(items) => {
            let mut list = Vec::new();
            for (index, item) in items.iter().enumerate() {
                text.push(if index == 0 { '[' } else { ',' });
                let place = place.map(|place| format!("{place}/{index}"));
                list.push(write(item, escaped, place.as_deref(), text, reserved));
            }
            text.push(']');
            Value::Array(list)
        }
        Tree::Object(members) => {
            let mut object = Map::new();
            for (index, (name, member)) in members.iter().enumerate() {
                text.push(if index == 0 { '{' } else { ',' });
                text.push_str(&name_as_text(name, escaped));
                text.push(':');
                let mut place = place.map(|place| format!("{place}/{}", name.replace('~', "~0").replace('/', "~1")));
                if name.starts_with(RESERVED) {
                    reserved.extend(place.take());
                }
                object.insert(name.clone(), write(member, escaped, place.as_deref(), text, reserved));
            }
            text.push_str(if members.is_empty() { "{}" } else { "}" });
            Value::Object(object)
        }
    }
}

fn name_as_text(name: &str, escaped: bool) -> String {
    if escaped {
        let units: String = name.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        format!("\"{units}\"")
    } else {
        Value::from(name).to_string()
    }
}
