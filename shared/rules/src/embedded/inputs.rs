//! The inputs of an expression: every value that it names, found in the parsed expression.

use cel::common::ast::{EntryExpr, Expr, LiteralValue, operators};
use cel::parser::Expression as Node;

use super::vocabulary::VARIABLES;

/// A value that an expression names, from a variable on and as far as it goes.
#[derive(Debug)]
pub(super) struct Input {
    /// As the expression names it.
    pub(super) path: String,
    /// What gives it.
    pub(super) node: Node,
}

/// The values that an expression names, other than its own loops' elements, in text order and each once.
pub(super) fn inputs_of(node: &Node) -> Vec<Input> {
    let mut inputs = Vec::new();
    collect(node, &mut inputs);
    inputs
}

fn collect(node: &Node, inputs: &mut Vec<Input>) {
    if let Some(path) = path_of(node) {
        if !inputs.iter().any(|input| input.path == path) {
            inputs.push(Input { path, node: looked_at(node) });
        }
        return;
    }
    match &node.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) => {}
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).for_each(|node| collect(node, inputs)),
        Expr::Select(select) => collect(&select.operand, inputs),
        Expr::List(list) => list.elements.iter().for_each(|node| collect(node, inputs)),
        Expr::Map(map) => {
            for entry in &map.entries {
                if let EntryExpr::MapEntry(entry) = &entry.expr {
                    collect(&entry.key, inputs);
                    collect(&entry.value, inputs);
                }
            }
        }
        Expr::Comprehension(comprehension) => {
            for part in [&comprehension.iter_range, &comprehension.loop_cond, &comprehension.loop_step] {
                collect(part, inputs);
            }
        }
    }
}

/// The name of a chain that begins at a variable; none when the node is something else.
fn path_of(node: &Node) -> Option<String> {
    match &node.expr {
        Expr::Ident(name) => VARIABLES.iter().any(|(variable, _)| variable == name).then(|| name.clone()),
        Expr::Select(select) => Some(format!("{}.{}", path_of(&select.operand)?, select.field)),
        Expr::Call(call) if call.func_name == operators::INDEX => match call.args.as_slice() {
            [object, Node { expr: Expr::Literal(LiteralValue::String(name)), .. }] => {
                Some(format!("{}[{:?}]", path_of(object)?, name.inner()))
            }
            _ => None,
        },
        Expr::Unspecified
        | Expr::Call(_)
        | Expr::Comprehension(_)
        | Expr::List(_)
        | Expr::Literal(_)
        | Expr::Map(_)
        | Expr::Struct(_) => None,
    }
}

/// The value itself, when the expression only tests whether it exists.
fn looked_at(node: &Node) -> Node {
    let mut node = node.clone();
    if let Expr::Select(select) = &mut node.expr {
        select.test = false;
    }
    node
}
