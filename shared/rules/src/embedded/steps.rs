//! A bound on the loops of an expression: each element that is visited is a step, and steps are counted.
//!
//! The interpreter has no such bound. So each loop is made to ask, before it visits an element, whether it may.

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, operators};
use cel::parser::Expression as Node;
use cel::{Context, DeclarationError, ExecutionError};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::limits::STEPS_MAX;

/// The name of the question. No expression can be written that contains it.
pub(super) const STEP: &str = "@step";

/// The steps of one evaluation.
#[derive(Debug, Default)]
pub(super) struct Steps(Arc<AtomicUsize>);

impl Steps {
    /// Makes the question known where expressions are evaluated.
    pub(super) fn count_in(&self, context: &mut Context<'_, '_>) -> Result<(), DeclarationError> {
        let taken = Arc::clone(&self.0);
        context.add_function(STEP, move || -> Result<bool, ExecutionError> {
            if taken.fetch_add(1, Ordering::Relaxed) < STEPS_MAX {
                Ok(true)
            } else {
                Err(ExecutionError::function_error(STEP, "too many elements"))
            }
        })
    }

    /// Begins to count anew.
    pub(super) fn start(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// Puts the question into every loop of an expression. Its depth has been checked.
pub(super) fn bound_loops(node: &mut Node) {
    match &mut node.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
        Expr::Call(call) => call.target.as_deref_mut().into_iter().chain(&mut call.args).for_each(bound_loops),
        Expr::Select(select) => bound_loops(&mut select.operand),
        Expr::List(list) => list.elements.iter_mut().for_each(bound_loops),
        Expr::Map(map) => map.entries.iter_mut().for_each(|entry| bound_entry(&mut entry.expr)),
        Expr::Struct(record) => record.entries.iter_mut().for_each(|entry| bound_entry(&mut entry.expr)),
        Expr::Comprehension(comprehension) => {
            bound_loops(&mut comprehension.iter_range);
            bound_loops(&mut comprehension.loop_step);
            bound_loop(comprehension);
        }
    }
}

fn bound_entry(entry: &mut EntryExpr) {
    match entry {
        EntryExpr::StructField(field) => bound_loops(&mut field.value),
        EntryExpr::MapEntry(entry) => {
            bound_loops(&mut entry.key);
            bound_loops(&mut entry.value);
        }
    }
}

/// `all`, `exists` and `exists_one` ask in their condition to go on; `filter` and `map` in the condition to append,
/// because the interpreter appends in place only as long as their condition to go on is a literal.
fn bound_loop(comprehension: &mut ComprehensionExpr) {
    if !matches!(comprehension.accu_init.expr, Expr::List(_)) {
        asked_first(&mut comprehension.loop_cond, literal_false());
        return;
    }
    match &mut comprehension.loop_step.expr {
        Expr::Call(call) if call.func_name == operators::CONDITIONAL => {
            if let Some(condition) = call.args.first_mut() {
                asked_first(condition, literal_false());
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
            asked_first(&mut comprehension.loop_step, Expr::Ident(comprehension.accu_var.clone()));
        }
    }
}

/// `node` becomes `@step() ? node : otherwise`. Not `&&`, which would swallow the error in which the steps end.
fn asked_first(node: &mut Node, otherwise: Expr) {
    let step = call(STEP, Vec::new());
    let original = std::mem::take(node);
    *node = call(operators::CONDITIONAL, vec![step, original, Node { id: 0, expr: otherwise }]);
}

fn call(name: &str, args: Vec<Node>) -> Node {
    Node { id: 0, expr: Expr::Call(CallExpr { func_name: name.to_owned(), target: None, args }) }
}

fn literal_false() -> Expr {
    Expr::Literal(LiteralValue::Boolean(false.into()))
}
