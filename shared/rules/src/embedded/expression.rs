//! One CEL expression: compiled with everything checked that can be, evaluated to true, false or a cause.

use alims_core::ports::RulesQuestion;
use cel::parser::Expression as Node;
use cel::{Context, DeclarationError, Env, ExecutionError, Value};
use std::fmt;
use std::sync::Arc;

use super::inspection::Inspection;
use super::limits::{EXPRESSION_BYTES_MAX, EXPRESSION_DEPTH_MAX, STEPS_MAX};
use super::steps::{STEP, Steps, bound_loops};
use super::variables;
use super::vocabulary::Shape;

/// A checked expression.
#[derive(Debug)]
pub(super) struct Expression(Node);

/// What all expressions share: the standard library of CEL, without its optional values.
pub(super) struct Engine {
    env: Arc<Env>,
}

/// What is said of an expression that the parser or the inspection gives up on.
pub(super) fn too_deep() -> String {
    format!("its expression is nested deeper than {EXPRESSION_DEPTH_MAX} levels")
}

/// One question, ready for any number of expressions.
pub(super) struct Evaluation<'v> {
    context: Context<'v, 'v>,
    steps: Steps,
}

/// Why an expression has no truth. It says nothing of the values it met: they are the laboratory's, and this is logged.
#[derive(Debug, PartialEq)]
pub(super) enum Undecided {
    /// It failed.
    Failed(ExecutionError),
    /// It gave something else than a boolean.
    NotBoolean,
}

impl Engine {
    pub(super) fn new() -> Self {
        Self { env: Arc::new(Env::stdlib().with_optional_support(false)) }
    }

    /// Compiles one expression; the error says what is wrong with it.
    ///
    /// The caller sees to a stack of [`super::limits::PARSER_STACK_BYTES`].
    pub(super) fn compile(&self, text: &str) -> Result<Expression, String> {
        if text.len() > EXPRESSION_BYTES_MAX {
            return Err(format!("its expression is {} bytes long; the limit is {EXPRESSION_BYTES_MAX}", text.len()));
        }
        let parser = self.env.parser().max_recursion_depth(EXPRESSION_DEPTH_MAX);
        let mut node = parser.parse(text).map_err(|errors| {
            // The first tells what is wrong; what follows it mostly tells of the parser's attempts to go on.
            let first = errors.errors.first().map(ToString::to_string).unwrap_or_default();
            if first.contains("Recursion limit") {
                too_deep()
            } else {
                format!("its expression cannot be parsed: {first}")
            }
        })?;
        let shape = Inspection::new(&self.bare()).shape(&node)?;
        if !shape.may_be(Shape::Bool) {
            return Err(format!("its expression gives {}; it must be true or false", shape.name()));
        }
        bound_loops(&mut node);
        Ok(Expression(node))
    }

    /// Binds a question. It cannot fail as long as no standard function is called as ours.
    pub(super) fn on<'v>(&self, question: &RulesQuestion<'v>) -> Result<Evaluation<'v>, DeclarationError> {
        let mut context = self.bare();
        let steps = Steps::default();
        steps.count_in(&mut context)?;
        variables::bind(&mut context, question);
        Ok(Evaluation { context, steps })
    }

    /// The library alone, without variables.
    fn bare<'v>(&self) -> Context<'v, 'v> {
        Context::with_env(Arc::clone(&self.env))
    }
}

impl Evaluation<'_> {
    /// Whether the expression is true.
    pub(super) fn holds(&self, expression: &Expression) -> Result<bool, Undecided> {
        self.steps.start();
        match self.value(&expression.0) {
            Ok(Value::Bool(truth)) => Ok(truth),
            Ok(_) => Err(Undecided::NotBoolean),
            Err(error) => Err(Undecided::Failed(error)),
        }
    }

    /// What a node gives.
    pub(super) fn value(&self, node: &Node) -> Result<Value, ExecutionError> {
        Value::resolve(node, &self.context)
    }
}

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Failed(error) = self else {
            return f.write_str("it gives neither true nor false");
        };
        // These tell names and types. What the other errors tell may hold values.
        if let ExecutionError::NoSuchKey(_) | ExecutionError::NoSuchOverload(_) = error {
            write!(f, "{error}")
        } else if let ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) = error {
            f.write_str("division by zero")
        } else if let ExecutionError::FunctionError { function, .. } = error {
            if function == STEP {
                write!(f, "it visits more than {STEPS_MAX} elements")
            } else {
                write!(f, "the function {function} failed")
            }
        } else {
            f.write_str("a value is of the wrong type or out of range")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::Trial;
    use super::*;
    use alims_core::lifecycle::State;

    #[test]
    fn the_cause_of_a_failure_holds_no_value() {
        let engine = Engine::new();
        let trial = Trial::of(Some(State::Active), State::Completed).unwrap();
        for expression in [
            "actor.roles[dyn('actor')] == 1",
            "dyn(actor.id) + 1 == 1",
            "dyn(actor.id) > 1",
            "actor.id.matches(actor.id + '(')",
            "timestamp(actor.id) < now",
            "int(actor.id) == 1",
            "{dyn(actor.roles): 1} == {}",
            "dyn(actor.id)",
            "transition.metadata.missing == actor.id",
            "size(actor.id) / (size(actor.id) - 5) == 1",
            "[1, 2].all(x, x / (x - x) == 1)",
        ] {
            let expression = engine.compile(expression).unwrap();
            let cause = trial.on(&engine, |evaluation| evaluation.holds(&expression)).unwrap().unwrap_err().to_string();
            assert!(!cause.is_empty() && !cause.contains("actor"), "{cause}");
        }
    }
}
