//! Rewrites an expression so that [`super::budget`] bounds its cost. Its depth and its names have been checked.
//!
//! Operations on whole values become calls of functions that charge the budget first. The call replaces the operation
//! and does not wrap it, because each level of nesting uses stack. Operations with a cost independent of the data stay
//! as they are: arithmetic, comparison with a literal, lists of literals.

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, operators};
use cel::parser::Expression as Node;

use super::budget;
use super::patterns::{Pattern, Patterns};

/// The state of one rewriting.
pub(super) struct Bounding<'p> {
    patterns: &'p Patterns,
}

/// Operators on whole values, and the functions in their place.
const OF_WHOLE_VALUES: [(&str, &str); 8] = [
    (operators::ADD, budget::ADD),
    (operators::EQUALS, budget::EQUALS),
    (operators::NOT_EQUALS, budget::NOT_EQUALS),
    (operators::LESS, budget::LESS),
    (operators::LESS_EQUALS, budget::LESS_EQUALS),
    (operators::GREATER, budget::GREATER),
    (operators::GREATER_EQUALS, budget::GREATER_EQUALS),
    (operators::IN, budget::CONTAINED),
];
/// Functions on texts, called on the first.
const OF_TEXTS: [(&str, &str); 3] =
    [("contains", budget::CONTAINS), ("startsWith", budget::STARTS_WITH), ("endsWith", budget::ENDS_WITH)];

impl<'p> Bounding<'p> {
    pub(super) fn new(patterns: &'p Patterns) -> Self {
        Self { patterns }
    }

    /// Rewrites a node and everything below it. Returns the number of nodes that each evaluation of it evaluates,
    /// without those that its loops charge themselves.
    pub(super) fn bound(&self, node: &mut Node) -> Result<usize, String> {
        let beneath = match &mut node.expr {
            Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => 0,
            Expr::Select(select) => self.bound(&mut select.operand)?,
            Expr::List(list) => {
                let nodes = self.all(&mut list.elements)?;
                if !list.elements.iter().all(is_literal) {
                    let elements = std::mem::take(&mut list.elements);
                    node.expr = call(budget::LIST, elements);
                }
                nodes
            }
            Expr::Map(map) => {
                let mut nodes = 0;
                for entry in &mut map.entries {
                    if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                        nodes += self.bound(&mut entry.key)? + self.bound(&mut entry.value)?;
                        weighed(&mut entry.key);
                        weighed(&mut entry.value);
                    }
                }
                nodes
            }
            // There are none: the inspection knows no types to make.
            Expr::Struct(_) => 0,
            Expr::Call(call) => self.bound_call(call)?,
            Expr::Comprehension(comprehension) => self.bound_loop(comprehension)?,
        };
        Ok(1 + beneath)
    }

    fn all(&self, nodes: &mut [Node]) -> Result<usize, String> {
        nodes.iter_mut().try_fold(0, |count, node| Ok(count + self.bound(node)?))
    }

    fn bound_call(&self, call: &mut CallExpr) -> Result<usize, String> {
        let mut nodes = self.all(&mut call.args)?;
        if let Some(target) = call.target.as_deref_mut() {
            nodes += self.bound(target)?;
        }
        if call.func_name == "matches" {
            self.bound_matches(call)?;
        } else if call.target.is_none() {
            bound_operator(call);
        } else {
            bound_method(call);
        }
        Ok(nodes)
    }

    /// `text.matches(pattern)` and `matches(text, pattern)` name the pattern by its number.
    fn bound_matches(&self, call: &mut CallExpr) -> Result<(), String> {
        let Some(Node { expr: Expr::Literal(LiteralValue::String(pattern)), .. }) = call.args.last() else {
            return Err(NOT_WRITTEN_OUT.to_owned());
        };
        let number = self.patterns.add(Pattern::compile(pattern.inner())?);
        call.args.pop();
        if let Some(target) = call.target.take() {
            call.args.insert(0, *target);
        }
        call.args.push(literal_number(number));
        budget::MATCHES.clone_into(&mut call.func_name);
        Ok(())
    }

    /// The nodes that are evaluated once: the elements pay for the rest, each time.
    fn bound_loop(&self, comprehension: &mut ComprehensionExpr) -> Result<usize, String> {
        let range = self.bound(&mut comprehension.iter_range)?;
        // Each element is copied when it is visited.
        weighed(&mut comprehension.iter_range);
        let once = range + 1;
        if !matches!(comprehension.accu_init.expr, Expr::List(_)) {
            let nodes = self.bound(&mut comprehension.loop_step)? + 2;
            // `all`, `exists` and `exists_one` ask the budget in their loop condition.
            asked_first(&mut comprehension.loop_cond, nodes, literal_false());
            return Ok(once);
        }
        // `filter` and `map` ask in the condition to append, because the interpreter appends in place only as long as
        // their loop condition is a literal.
        let (local, accumulator) = (comprehension.iter_var.clone(), comprehension.accu_var.clone());
        match &mut comprehension.loop_step.expr {
            Expr::Call(call) if call.func_name == operators::CONDITIONAL => {
                if let [condition, step, _] = call.args.as_mut_slice() {
                    let nodes = self.bound(condition)? + self.bound_appended(step, &local)? + 2;
                    asked_first(condition, nodes, literal_false());
                }
            }
            Expr::Unspecified
            | Expr::Call(_)
            | Expr::Comprehension(_)
            | Expr::Ident(_)
            | Expr::List(_)
            | Expr::Literal(_)
            | Expr::Map(_)
            | Expr::Select(_)
            | Expr::Struct(_) => {
                let nodes = self.bound_appended(&mut comprehension.loop_step, &local)? + 2;
                asked_first(&mut comprehension.loop_step, nodes, Expr::Ident(accumulator));
            }
        }
        Ok(once)
    }

    /// The element in `@result + [element]`, whose form must stay as it is.
    fn bound_appended(&self, step: &mut Node, local: &str) -> Result<usize, String> {
        let Expr::Call(call) = &mut step.expr else { return self.bound(step) };
        let Some(Node { expr: Expr::List(list), .. }) = call.args.last_mut() else { return self.bound(step) };
        let mut nodes = 0;
        for element in &mut list.elements {
            nodes += self.bound(element)?;
            // The element itself was paid for with the range.
            if !matches!(&element.expr, Expr::Ident(name) if name == local) {
                weighed(element);
            }
        }
        Ok(nodes)
    }
}

/// The error for a pattern that is made of data.
pub(super) const NOT_WRITTEN_OUT: &str = "the pattern of `matches` must be written out as a text";

/// An operator or a function called on nothing.
fn bound_operator(call: &mut CallExpr) {
    let place = OF_WHOLE_VALUES.iter().find(|(operator, _)| *operator == call.func_name).map(|(_, place)| *place);
    match (place, call.args.as_mut_slice()) {
        (Some(place), [left, right]) => {
            if !costs_the_same(place, left, right) {
                place.clone_into(&mut call.func_name);
            }
        }
        (None, [_, index]) if call.func_name == operators::INDEX => weighed(index),
        (None, [_]) if call.func_name == "size" => budget::SIZE.clone_into(&mut call.func_name),
        (None, args) if CONVERSIONS.contains(&call.func_name.as_str()) => args.iter_mut().for_each(weighed),
        (Some(_) | None, _) => {}
    }
}

/// Functions that read the whole of their argument.
const CONVERSIONS: [&str; 8] = ["bool", "bytes", "double", "duration", "int", "string", "timestamp", "uint"];

/// A function called on something.
fn bound_method(call: &mut CallExpr) {
    let of_texts = OF_TEXTS.iter().find(|(name, _)| *name == call.func_name).map(|(_, place)| *place);
    let place = if call.func_name == "size" { Some(budget::SIZE) } else { of_texts };
    match (place, call.target.take()) {
        (Some(place), Some(target)) => {
            call.args.insert(0, *target);
            place.clone_into(&mut call.func_name);
        }
        (_, target) => {
            // The parts of a timestamp, in a time zone that data may name.
            call.target = target;
            call.args.iter_mut().for_each(weighed);
        }
    }
}

/// Whether the cost of an operation is independent of the data: it compares with a literal, adds a number, counts in a
/// loop, or searches among literals.
fn costs_the_same(place: &str, left: &Node, right: &Node) -> bool {
    let internal = |node: &Node| matches!(&node.expr, Expr::Ident(name) if name.starts_with('@'));
    let number = |node: &Node| {
        matches!(node.expr, Expr::Literal(LiteralValue::Int(_) | LiteralValue::UInt(_) | LiteralValue::Double(_)))
    };
    if internal(left) {
        return true;
    }
    match place {
        budget::ADD => number(left) || number(right),
        budget::CONTAINED => matches!(&right.expr, Expr::List(list) if list.elements.iter().all(is_literal)),
        _ => is_literal(left) || is_literal(right),
    }
}

fn is_literal(node: &Node) -> bool {
    matches!(node.expr, Expr::Literal(_))
}

/// Lets a value pay for itself where the interpreter may copy or read it whole. What has just been made has paid.
fn weighed(node: &mut Node) {
    let made = match &node.expr {
        Expr::Literal(_) | Expr::List(_) | Expr::Map(_) | Expr::Comprehension(_) | Expr::Struct(_) => true,
        Expr::Call(call) => call.func_name != operators::CONDITIONAL && call.func_name != operators::INDEX,
        Expr::Unspecified | Expr::Ident(_) | Expr::Select(_) => false,
    };
    if !made {
        let original = std::mem::take(node);
        *node = Node { id: 0, expr: call(budget::WEIGH, vec![original]) };
    }
}

/// `node` becomes `@step(nodes) ? node : otherwise`. Not `&&`, which would swallow the error in which the steps end.
fn asked_first(node: &mut Node, nodes: usize, otherwise: Expr) {
    let step = Node { id: 0, expr: call(budget::STEP, vec![literal_number(nodes)]) };
    let original = std::mem::take(node);
    let args = vec![step, original, Node { id: 0, expr: otherwise }];
    *node = Node { id: 0, expr: call(operators::CONDITIONAL, args) };
}

fn call(name: &str, args: Vec<Node>) -> Expr {
    Expr::Call(CallExpr { func_name: name.to_owned(), target: None, args })
}

fn literal_number(number: usize) -> Node {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    Node { id: 0, expr: Expr::Literal(LiteralValue::Int(number.into())) }
}

fn literal_false() -> Expr {
    Expr::Literal(LiteralValue::Boolean(false.into()))
}
