//! The few JSONata expressions that the definition uses: paths into `$states`, a comparison with a text, and an object
//! merged over another.
//!
//! What they mean is JSONata's: a member that is missing is undefined, an undefined member of an object is left out of it,
//! and an undefined result of a whole expression is an error (AWS Step Functions developer guide, "Transforming data with
//! `JSONata`"). A path that comes upon a list would mean a query over its items; no document of ours has one there, and
//! it is refused.

use serde::Deserialize;
use serde_json::{Map, Value};

/// A text between `{%` and `%}`, parsed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Expression(Node);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// `$states.input` and the like, with the members beneath.
    Path(Source, Vec<String>),
    /// `'text'`
    Text(String),
    /// `a = b`
    Equal(Box<Node>, Box<Node>),
    /// `{'member': a}`
    Object(Vec<(String, Node)>),
    /// `$merge([a, b])`: what comes later wins.
    Merge(Vec<Node>),
    /// `$substring(a, start, length)`, in characters.
    Substring(Box<Node>, usize, usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Input,
    Result,
    ErrorOutput,
}

/// What an expression may refer to where it stands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scope<'a> {
    /// The state's input: `$states.input`.
    pub(crate) input: Option<&'a Value>,
    /// What the function answered: `$states.result`.
    pub(crate) result: Option<&'a Value>,
    /// The error that was caught: `$states.errorOutput`.
    pub(crate) error_output: Option<&'a Value>,
}

/// Why an expression has no value for the data at hand. AWS calls it `States.QueryEvaluationError`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EvaluationError {
    #[error("the expression has no result")]
    Undefined,
    #[error("{0} of something that is not: {1}")]
    Kind(&'static str, Value),
}

impl Expression {
    /// The value for this data.
    pub(crate) fn evaluate(&self, scope: Scope<'_>) -> Result<Value, EvaluationError> {
        self.0.evaluate(scope)?.ok_or(EvaluationError::Undefined)
    }
}

impl Node {
    /// The value, or none where `JSONata` has undefined.
    fn evaluate(&self, scope: Scope<'_>) -> Result<Option<Value>, EvaluationError> {
        Ok(match self {
            Self::Path(source, members) => follow(source.of(scope), members)?,
            Self::Text(text) => Some(Value::String(text.clone())),
            Self::Equal(left, right) => {
                let (left, right) = (left.evaluate(scope)?, right.evaluate(scope)?);
                // Undefined equals nothing, not even itself.
                Some(Value::Bool(left.is_some() && left == right))
            }
            Self::Object(members) => {
                let mut object = Map::new();
                for (name, node) in members {
                    if let Some(value) = node.evaluate(scope)? {
                        object.insert(name.clone(), value);
                    }
                }
                Some(Value::Object(object))
            }
            Self::Merge(nodes) => {
                let mut merged = Map::new();
                for node in nodes {
                    match node.evaluate(scope)? {
                        Some(Value::Object(object)) => merged.extend(object),
                        Some(other) => return Err(EvaluationError::Kind("$merge", other)),
                        None => {}
                    }
                }
                Some(Value::Object(merged))
            }
            Self::Substring(node, start, length) => match node.evaluate(scope)? {
                Some(Value::String(text)) => Some(Value::String(text.chars().skip(*start).take(*length).collect())),
                Some(other) => return Err(EvaluationError::Kind("$substring", other)),
                None => None,
            },
        })
    }
}

impl Source {
    fn of(self, scope: Scope<'_>) -> Option<&Value> {
        match self {
            Self::Input => scope.input,
            Self::Result => scope.result,
            Self::ErrorOutput => scope.error_output,
        }
    }
}

fn follow(from: Option<&Value>, members: &[String]) -> Result<Option<Value>, EvaluationError> {
    let mut found = from;
    for member in members {
        found = match found {
            Some(list @ Value::Array(_)) => return Err(EvaluationError::Kind("a path into an object", list.clone())),
            Some(value) => value.get(member),
            None => None,
        };
    }
    Ok(found.cloned())
}

impl TryFrom<String> for Expression {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let inside = text.strip_prefix("{%").and_then(|rest| rest.strip_suffix("%}"));
        let Some(inside) = inside else { return Err(format!("`{text}` is no expression between {{% and %}}")) };
        let mut reader = Reader { rest: inside };
        let parsed = reader.comparison().and_then(|node| reader.end().map(|()| Self(node)));
        parsed.map_err(|problem| format!("`{text}`: {problem}; the interpreter knows only what the definition needs"))
    }
}

/// Reads an expression from left to right. Nothing in it recurses without a text that grows with it.
struct Reader<'a> {
    rest: &'a str,
}

/// How deep expressions may be nested.
const DEPTH_MAX: usize = 8;

impl Reader<'_> {
    fn comparison(&mut self) -> Result<Node, String> {
        let left = self.node(DEPTH_MAX)?;
        if self.eat("=") { Ok(Node::Equal(Box::new(left), Box::new(self.node(DEPTH_MAX)?))) } else { Ok(left) }
    }

    fn node(&mut self, depth: usize) -> Result<Node, String> {
        let depth = depth.checked_sub(1).ok_or("it is nested too deeply")?;
        if self.eat("$states.") {
            self.path()
        } else if self.eat("$merge([") {
            let mut nodes = vec![self.node(depth)?];
            while self.eat(",") {
                nodes.push(self.node(depth)?);
            }
            self.need("]")?;
            self.need(")")?;
            Ok(Node::Merge(nodes))
        } else if self.eat("$substring(") {
            let node = self.node(depth)?;
            self.need(",")?;
            let start = self.number()?;
            self.need(",")?;
            let length = self.number()?;
            self.need(")")?;
            Ok(Node::Substring(Box::new(node), start, length))
        } else if self.eat("{") {
            let mut members = Vec::new();
            loop {
                let name = self.text()?;
                self.need(":")?;
                members.push((name, self.node(depth)?));
                if !self.eat(",") {
                    break;
                }
            }
            self.need("}")?;
            Ok(Node::Object(members))
        } else {
            self.text().map(Node::Text)
        }
    }

    fn path(&mut self) -> Result<Node, String> {
        let source = match self.name()? {
            "input" => Source::Input,
            "result" => Source::Result,
            "errorOutput" => Source::ErrorOutput,
            other => return Err(format!("`$states.{other}` is not known")),
        };
        let mut members = Vec::new();
        while let Some(rest) = self.rest.strip_prefix('.') {
            self.rest = rest;
            members.push(self.name()?.to_owned());
        }
        Ok(Node::Path(source, members))
    }

    fn name(&mut self) -> Result<&str, String> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        self.span(is_part, "a name")
    }

    fn number(&mut self) -> Result<usize, String> {
        self.rest = self.rest.trim_start();
        self.span(|c| c.is_ascii_digit(), "a number")?.parse().map_err(|_| "a number is too large".to_owned())
    }

    fn text(&mut self) -> Result<String, String> {
        self.need("'")?;
        let (text, rest) = self.rest.split_once('\'').ok_or("a text does not end")?;
        if text.contains('\\') {
            return Err("a text holds a backslash".to_owned());
        }
        self.rest = rest;
        Ok(text.to_owned())
    }

    fn span(&mut self, is_part: impl Fn(char) -> bool, what: &str) -> Result<&str, String> {
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (found, rest) = self.rest.split_at(end);
        if found.is_empty() {
            return Err(format!("{what} is missing before `{rest}`"));
        }
        self.rest = rest;
        Ok(found)
    }

    fn eat(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start().strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn need(&mut self, token: &str) -> Result<(), String> {
        if self.eat(token) { Ok(()) } else { Err(format!("`{token}` is missing before `{}`", self.rest.trim())) }
    }

    fn end(&self) -> Result<(), String> {
        let rest = self.rest.trim();
        if rest.is_empty() { Ok(()) } else { Err(format!("`{rest}` is not known")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn evaluated(text: &str, scope: Scope<'_>) -> Result<Value, EvaluationError> {
        Expression::try_from(format!("{{% {text} %}}")).expect("it is in the subset").evaluate(scope)
    }

    #[test]
    fn a_path_follows_members_and_what_is_missing_is_undefined() {
        let input = json!({"a": {"b": null}, "list": [1]});
        let scope = Scope { input: Some(&input), ..Scope::default() };
        assert_eq!(evaluated("$states.input.a", scope), Ok(json!({"b": null})));
        assert_eq!(evaluated("$states.input.a.b", scope), Ok(Value::Null));
        assert_eq!(evaluated("$states.input.c.d", scope), Err(EvaluationError::Undefined));
        assert_eq!(evaluated("$states.result", scope), Err(EvaluationError::Undefined));
        assert!(matches!(evaluated("$states.input.list.x", scope), Err(EvaluationError::Kind(..))));
    }

    #[test]
    fn only_the_same_text_is_equal_and_undefined_equals_nothing() {
        let input = json!({"next": "assess", "n": 1});
        let scope = Scope { input: Some(&input), ..Scope::default() };
        for (text, equal) in [
            ("$states.input.next = 'assess'", true),
            ("$states.input.next='assess'", true),
            ("$states.input.next = 'asses'", false),
            ("$states.input.n = '1'", false),
            ("$states.input.m = $states.input.m", false),
        ] {
            assert_eq!(evaluated(text, scope), Ok(json!(equal)), "{text}");
        }
    }

    #[test]
    fn what_is_merged_later_wins_and_what_is_undefined_is_left_out() {
        let (input, error) = (json!({"kept": 1, "next": "apply"}), json!({"Error": "Bug", "Cause": "äöü and so on"}));
        let scope = Scope { input: Some(&input), error_output: Some(&error), ..Scope::default() };
        let text = "$merge([$states.input, {'next': 'record', 'cause': $substring($states.errorOutput.Cause, 1, 2), \
                    'none': $states.errorOutput.None}])";
        assert_eq!(evaluated(text, scope), Ok(json!({"kept": 1, "next": "record", "cause": "öü"})));
        assert!(matches!(evaluated("$merge(['text'])", scope), Err(EvaluationError::Kind("$merge", _))));
        assert!(matches!(evaluated("$substring($states.input, 0, 1)", scope), Err(EvaluationError::Kind(..))));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "$states.input",
            "{% $states.input",
            "{% $states.context %}",
            "{% $states.input.a[0] %}",
            "{% $states.input and $states.input %}",
            "{% $states.input.a = 1 %}",
            "{% $uuid() %}",
            "{% $merge([]) %}",
            "{% {} %}",
            "{% 'a' = 'b' = 'c' %}",
            "{% 'a\\'b' %}",
            "{% 'open %}",
            "{% $substring($states.input, -1, 2) %}",
            "{% $substring($states.input, 99999999999999999999999, 2) %}",
            "{% {'a': {'a': {'a': {'a': {'a': {'a': {'a': {'a': 'deep'}}}}}}}} %}",
            "{%%}",
        ] {
            assert!(Expression::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
