//! The names an expression may use, and the kind of value of each.

/// The known facts about a value before it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Bool,
    Number,
    Text,
    Instant,
    Duration,
    Bytes,
    Null,
    Type,
    List,
    /// With any members.
    Map,
    /// With the names of labels as members, each of them a text.
    Labels,
    /// With exactly these members, each always there and null where there is nothing to say.
    Record(&'static [(&'static str, Shape)]),
    /// Known only from the data.
    Unknown,
}

impl Shape {
    /// For messages.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Instant => "a timestamp",
            Self::Duration => "a duration",
            Self::Bytes => "bytes",
            Self::Null => "null",
            Self::Type => "a type",
            Self::List => "a list",
            Self::Map | Self::Labels | Self::Record(_) => "an object",
            Self::Unknown => "a value",
        }
    }

    /// Whether a value of this shape can be where one of `other` is asked for.
    pub(super) const fn may_be(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::Unknown, _)
                | (_, Self::Unknown)
                | (Self::Bool, Self::Bool)
                | (Self::Number, Self::Number)
                | (Self::Text, Self::Text)
                | (Self::Instant, Self::Instant)
                | (Self::Duration, Self::Duration)
                | (Self::Bytes, Self::Bytes)
                | (Self::Null, Self::Null)
                | (Self::Type, Self::Type)
                | (Self::List, Self::List)
                | (Self::Map | Self::Labels | Self::Record(_), Self::Map | Self::Labels | Self::Record(_))
        )
    }
}

const WORKFLOW: &[(&str, Shape)] = &[
    ("workflow_id", Shape::Text),
    ("workflow_type", Shape::Text),
    ("tenant_id", Shape::Text),
    ("current_state", Shape::Text),
    ("previous_state", Shape::Text),
    ("version", Shape::Number),
    ("created_at", Shape::Instant),
    ("updated_at", Shape::Instant),
    ("created_by", Shape::Text),
    ("updated_by", Shape::Text),
    ("metadata", Shape::Map),
    ("labels", Shape::Labels),
    ("due_at", Shape::Instant),
    ("assignee", Shape::Text),
    ("replaces", Shape::Text),
];
const FAILURE: &[(&str, Shape)] = &[("code", Shape::Text), ("message", Shape::Text), ("retryable", Shape::Bool)];
const SIGNATURE: &[(&str, Shape)] = &[("meaning", Shape::Text), ("comment", Shape::Text)];
const TRANSITION: &[(&str, Shape)] = &[
    ("kind", Shape::Text),
    ("from_state", Shape::Text),
    ("to_state", Shape::Text),
    ("reason", Shape::Text),
    ("metadata", Shape::Map),
    ("labels", Shape::Labels),
    ("due_at", Shape::Instant),
    ("assignee", Shape::Text),
    ("replaces", Shape::Text),
    ("failure", Shape::Record(FAILURE)),
    ("signature", Shape::Record(SIGNATURE)),
];
const ACTOR: &[(&str, Shape)] = &[("id", Shape::Text), ("roles", Shape::List)];

/// The variables, all of them.
pub(super) const VARIABLES: &[(&str, Shape)] = &[
    ("workflow", Shape::Record(WORKFLOW)),
    ("transition", Shape::Record(TRANSITION)),
    ("actor", Shape::Record(ACTOR)),
    ("context", Shape::Map),
    ("signatures", Shape::List),
    ("now", Shape::Instant),
];

/// The names of types, for `type(x) == string`.
pub(super) const TYPES: &[&str] =
    &["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"];

/// A function of the standard library: its receivers, its number of arguments and its result.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    /// The kinds of its receiver; none for a function without a receiver.
    pub(super) receivers: Option<&'static [Shape]>,
    pub(super) arguments_min: usize,
    pub(super) arguments_max: usize,
    pub(super) gives: Shape,
}

const fn plain(name: &'static str, arguments: usize, gives: Shape) -> Function {
    Function { name, receivers: None, arguments_min: arguments, arguments_max: arguments, gives }
}

const fn on(receivers: &'static [Shape], name: &'static str, arguments: usize, gives: Shape) -> Function {
    Function { name, receivers: Some(receivers), arguments_min: arguments, arguments_max: arguments, gives }
}

/// A part of a timestamp, in UTC or in the time zone that is named, or of a duration.
const fn part(receivers: &'static [Shape], name: &'static str) -> Function {
    Function { name, receivers: Some(receivers), arguments_min: 0, arguments_max: 1, gives: Shape::Number }
}

const SIZED: &[Shape] = &[Shape::Text, Shape::Bytes, Shape::List, Shape::Map];
const TEXT: &[Shape] = &[Shape::Text];
const INSTANT: &[Shape] = &[Shape::Instant];
const TIMES: &[Shape] = &[Shape::Instant, Shape::Duration];

/// The functions of the CEL specification's standard library. The macros `has`, `all`, `exists`, `exists_one`, `map`
/// and `filter` are not among them: the parser has expanded them before anybody looks.
pub(super) const FUNCTIONS: &[Function] = &[
    plain("bool", 1, Shape::Bool),
    plain("bytes", 1, Shape::Bytes),
    plain("double", 1, Shape::Number),
    plain("duration", 1, Shape::Duration),
    plain("dyn", 1, Shape::Unknown),
    plain("int", 1, Shape::Number),
    plain("matches", 2, Shape::Bool),
    plain("size", 1, Shape::Number),
    plain("string", 1, Shape::Text),
    plain("timestamp", 1, Shape::Instant),
    plain("type", 1, Shape::Type),
    plain("uint", 1, Shape::Number),
    on(TEXT, "contains", 1, Shape::Bool),
    on(TEXT, "endsWith", 1, Shape::Bool),
    on(TEXT, "matches", 1, Shape::Bool),
    on(SIZED, "size", 0, Shape::Number),
    on(TEXT, "startsWith", 1, Shape::Bool),
    part(INSTANT, "getDate"),
    part(INSTANT, "getDayOfMonth"),
    part(INSTANT, "getDayOfWeek"),
    part(INSTANT, "getDayOfYear"),
    part(INSTANT, "getFullYear"),
    part(TIMES, "getHours"),
    part(TIMES, "getMilliseconds"),
    part(TIMES, "getMinutes"),
    part(INSTANT, "getMonth"),
    part(TIMES, "getSeconds"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::trial::Trial;
    use crate::occasion::Occasion;
    use alims_domain::lifecycle::State;
    use cel::{Context, Env, ExecutionError};

    /// The result of an expression on a failing transition, or on a signature where it names that, without earlier checks.
    fn evaluated(expression: &str) -> Result<cel::Value, ExecutionError> {
        let engine = crate::embedded::expression::Engine::new();
        // The trial with data is the last.
        let signs = expression.contains("transition.signature");
        let occasion = if signs { Occasion::Signature } else { Occasion::Move(Some(State::Active), State::Failed) };
        let trial = Trial::of(occasion).unwrap().pop().unwrap();
        let node = Env::stdlib().parser().parse(expression).unwrap();
        trial.on(&engine, |evaluation| evaluation.value(&node)).unwrap()
    }

    fn assert_bound(path: &str, shape: Shape) {
        let value = evaluated(path).unwrap();
        match shape {
            Shape::Record(members) => {
                assert_eq!(evaluated(&format!("size({path}) == {}", members.len())), Ok(true.into()), "{path}");
                for (name, shape) in members {
                    assert_bound(&format!("{path}.{name}"), *shape);
                }
            }
            Shape::Text => assert!(matches!(value, cel::Value::String(_) | cel::Value::Null), "{path}"),
            Shape::Bool => assert!(matches!(value, cel::Value::Bool(_)), "{path}"),
            Shape::Number => assert!(matches!(value, cel::Value::Int(_)), "{path}"),
            Shape::Instant => assert!(matches!(value, cel::Value::Timestamp(_)), "{path}"),
            Shape::List => assert!(matches!(value, cel::Value::List(_)), "{path}"),
            Shape::Map | Shape::Labels => assert!(matches!(value, cel::Value::Map(_)), "{path}"),
            Shape::Duration | Shape::Bytes | Shape::Null | Shape::Type | Shape::Unknown => panic!("{path}"),
        }
    }

    #[test]
    fn every_declared_variable_is_bound_and_no_other_is() {
        for (name, shape) in VARIABLES {
            assert_bound(name, *shape);
        }
    }

    #[test]
    fn the_engine_knows_every_function_and_type() {
        for function in FUNCTIONS {
            for arguments in function.arguments_min..=function.arguments_max {
                let list = vec!["\"1s\""; arguments].join(", ");
                let call = match function.receivers {
                    None => format!("{}({list})", function.name),
                    Some(_) => format!("\"x\".{}({list})", function.name),
                };
                let node = Env::stdlib().parser().parse(&call).unwrap();
                let outcome = Context::default().resolve(&node);
                assert!(!matches!(outcome, Err(ExecutionError::UndeclaredReference(_))), "{call}: {outcome:?}");
            }
        }
        for name in TYPES {
            assert!(evaluated(&format!("type({name}) == type")).is_ok_and(|value| value == true.into()), "{name}");
        }
    }
}
