//! One CEL expression: the compiler checks everything it can; the evaluation gives true, false or an error.

use alims_domain::ruling::RulesQuestion;
use cel::parser::Expression as Node;
use cel::{Context, DeclarationError, Env, ExecutionError, Value};
use std::fmt;
use std::sync::Arc;

use super::bounding::Bounding;
use super::budget::{Budget, Exhausted};
use super::inputs::{Input, inputs_of};
use super::inspection::Inspection;
use super::limits::{EXPRESSION_BYTES_MAX, EXPRESSION_DEPTH_MAX, STEPS_MAX, WORK_MAX, too_deep};
use super::patterns::Patterns;
use super::variables;
use super::vocabulary::Shape;

/// A checked expression.
#[derive(Debug)]
pub(super) struct Expression {
    /// As it is evaluated, within its bounds.
    node: Node,
    /// As it was written.
    pub(super) source: String,
    /// Its inputs, for explanations.
    pub(super) inputs: Vec<Input>,
}

/// The part that all expressions share: the standard library of CEL, without its optional values.
pub(super) struct Engine {
    env: Arc<Env>,
    patterns: Arc<Patterns>,
}

/// One question, ready for any number of expressions.
pub(super) struct Evaluation<'v> {
    context: Context<'v, 'v>,
    budget: Budget,
}

/// Why an expression has no truth. It says nothing of the values it met: they are the laboratory's, and this is logged.
#[derive(Debug, PartialEq)]
pub(super) enum Undecided {
    /// It failed.
    Failed(ExecutionError),
    /// It gave something else than a boolean.
    NotBoolean,
    /// It exceeded a bound; its result does not count.
    Exhausted(Exhausted),
}

impl Engine {
    pub(super) fn new() -> Self {
        Self { env: Arc::new(Env::stdlib().with_optional_support(false)), patterns: Arc::default() }
    }

    /// Compiles one expression; the error says what is wrong with it.
    ///
    /// The caller must provide a stack of [`super::limits::PARSER_STACK_BYTES`].
    pub(super) fn compile(&self, text: &str) -> Result<Expression, String> {
        if text.len() > EXPRESSION_BYTES_MAX {
            return Err(format!("its expression is {} bytes long; the limit is {EXPRESSION_BYTES_MAX}", text.len()));
        }
        let parser = self.env.parser().max_recursion_depth(EXPRESSION_DEPTH_MAX);
        let mut node = parser.parse(text).map_err(|errors| {
            // The first error is the cause; later ones mostly come from the parser's attempts to continue.
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
        let inputs = inputs_of(&node);
        Bounding::new(&self.patterns).bound(&mut node)?;
        Ok(Expression { node, source: text.to_owned(), inputs })
    }

    /// Binds a question. It cannot fail as long as no standard function is called as ours.
    pub(super) fn on<'v>(&self, question: &RulesQuestion<'v>) -> Result<Evaluation<'v>, DeclarationError> {
        let mut context = self.bare();
        let budget = Budget::default();
        budget.count_in(&mut context, &self.env, &self.patterns)?;
        variables::bind(&mut context, question);
        Ok(Evaluation { context, budget })
    }

    /// The library alone, without variables.
    fn bare<'v>(&self) -> Context<'v, 'v> {
        Context::with_env(Arc::clone(&self.env))
    }
}

impl Evaluation<'_> {
    /// Whether the expression is true.
    pub(super) fn holds(&self, expression: &Expression) -> Result<bool, Undecided> {
        self.budget.start();
        let value = self.value(&expression.node);
        match (self.budget.exhausted(), value) {
            (Some(bound), _) => Err(Undecided::Exhausted(bound)),
            (None, Ok(Value::Bool(truth))) => Ok(truth),
            (None, Ok(_)) => Err(Undecided::NotBoolean),
            (None, Err(error)) => Err(Undecided::Failed(error)),
        }
    }

    /// The value of a node.
    pub(super) fn value(&self, node: &Node) -> Result<Value, ExecutionError> {
        Value::resolve(node, &self.context)
    }
}

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = match self {
            Self::Failed(error) => error,
            Self::NotBoolean => return f.write_str("it gives neither true nor false"),
            Self::Exhausted(Exhausted::Steps) => return write!(f, "it visits more than {STEPS_MAX} elements"),
            Self::Exhausted(Exhausted::Work) => return write!(f, "it takes more than {WORK_MAX} units of work"),
        };
        // These errors contain names and types. Others may contain values.
        if let ExecutionError::NoSuchKey(_) | ExecutionError::NoSuchOverload(_) = error {
            write!(f, "{error}")
        } else if let ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) = error {
            f.write_str("division by zero")
        } else if let ExecutionError::FunctionError { function, .. } = error {
            write!(f, "the function {function} failed")
        } else {
            f.write_str("a value is of the wrong type or out of range")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::Trial;
    use super::*;
    use crate::occasion::Occasion;
    use alims_domain::lifecycle::State;

    /// Within the bounds, the result equals that of the interpreter without bounds.
    #[test]
    fn bounds_change_no_truth() {
        let engine = Engine::new();
        let trial = Trial::of(Occasion::Move(Some(State::Active), State::Failed)).unwrap().pop().unwrap();
        for expression in [
            "'a' + actor.id == 'aactor' && actor.id + actor.id == 'actoractor'",
            "[actor.id] + actor.roles == ['actor', 'role'] && [actor.id, 'x'][1] == 'x'",
            "actor.id in actor.roles || 'role' in actor.roles && 'x' in {'x': actor.id}",
            "dyn(actor.id) in [1, 2] || dyn(1) in ['1']",
            "actor.id < workflow.created_by && workflow.created_by >= actor.id && !(actor.id > workflow.created_by)",
            "actor.id <= actor.id && dyn(actor.id) == dyn(1) || dyn(1) != dyn(actor.id)",
            "dyn(actor.id) < dyn(workflow.version)",
            "size(actor.id) == 5 && actor.id.size() == 5 && size(actor.roles) == 1 && actor.roles.size() == 1",
            "size(dyn(workflow.version)) == 1",
            "actor.id.contains(transition.failure.code) || actor.id.startsWith('a') && actor.id.endsWith('or')",
            "dyn(workflow.version).contains('x')",
            "actor.id.matches('^a') && matches(actor.id, 'r$') && !actor.id.matches('x')",
            "dyn(workflow.version).matches('x')",
            "[1, 2].map(x, x + 1) == [2, 3] && [1, 2].filter(x, x > 1) == [2] && [1, 2].map(x, x > 1, x * 2) == [4]",
            "[1, 2].map(x, [x, actor.id]) == [[1, 'actor'], [2, 'actor']]",
            "[1, 2].exists_one(x, x == workflow.version) && [actor.id].all(x, x == actor.id)",
            "{actor.id: workflow.version}.actor == 1 && {'a': [actor.id]}['a'][0] == 'actor'",
            "(actor.id == 'actor' ? actor.roles : [])[0] == 'role'",
            "string(workflow.version) + '!' == '1!' && int('7') + workflow.version == 8 && bytes(actor.id) == b'actor'",
            "now + duration('1h') > now && now - workflow.created_at == duration('0s') && now.getHours('+01:00') == 1",
            "workflow.metadata.missing == 1 || actor.id + 'x' == 'actorx'",
            "workflow.metadata.missing + 'x' == 'x'",
            "type(actor.id) == string && type(actor.roles) == list",
        ] {
            let plain = engine.env.parser().parse(expression).unwrap();
            let bounded = engine.compile(expression).unwrap();
            let (plain, bounded) =
                trial.on(&engine, |evaluation| (evaluation.value(&plain), evaluation.holds(&bounded))).unwrap();
            match (plain, bounded) {
                (Ok(plain), Ok(bounded)) => assert_eq!(plain, Value::Bool(bounded), "{expression}"),
                (Err(plain), Err(Undecided::Failed(bounded))) => assert_eq!(plain, bounded, "{expression}"),
                (plain, bounded) => panic!("{expression}: {plain:?}, within bounds {bounded:?}"),
            }
        }
    }

    #[test]
    fn the_cause_of_a_failure_holds_no_value() {
        let engine = Engine::new();
        let trial = Trial::of(Occasion::Move(Some(State::Active), State::Completed)).unwrap().pop().unwrap();
        for expression in [
            "actor.roles[dyn('actor')] == 1",
            "dyn(actor.id) + 1 == 1",
            "dyn(actor.id) > 1",
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
