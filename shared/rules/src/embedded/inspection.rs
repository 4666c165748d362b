//! Finds errors in a parsed expression that no data can avoid: unknown names and functions, members that do not exist,
//! incompatible kinds of values, constants that fail.
//!
//! Metadata and context belong to the laboratory, so the inspection assumes nothing about their content.

use alims_domain::identifiers::LabelName;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, operators};
use cel::parser::Expression as Node;
use cel::{Context, Value};

use super::limits::{EXPRESSION_DEPTH_MAX, too_deep};
use super::vocabulary::{FUNCTIONS, Function, Shape, TYPES, VARIABLES};

/// One look at one expression.
pub(super) struct Inspection<'e> {
    /// The standard library, to try constants with.
    library: &'e Context<'e, 'e>,
    /// The local names of the loops around the present node, innermost last.
    locals: Vec<(&'e str, Shape)>,
    depth: u16,
}

impl<'e> Inspection<'e> {
    pub(super) fn new(library: &'e Context<'e, 'e>) -> Self {
        Self { library, locals: Vec::new(), depth: 0 }
    }

    /// The shape of a node's value; the error says what is wrong with it.
    pub(super) fn shape(&mut self, node: &'e Node) -> Result<Shape, String> {
        if self.depth == EXPRESSION_DEPTH_MAX {
            return Err(too_deep());
        }
        self.depth += 1;
        let shape = self.shape_at_this_depth(node);
        self.depth -= 1;
        shape
    }

    fn shape_at_this_depth(&mut self, node: &'e Node) -> Result<Shape, String> {
        match &node.expr {
            Expr::Literal(literal) => Ok(literal_shape(literal)),
            Expr::Ident(name) => self.name(name),
            Expr::Select(select) => {
                let operand = self.shape(&select.operand)?;
                let member = member(operand, &select.operand, &select.field)?;
                if select.test && matches!(operand, Shape::Record(_)) {
                    let path = format!("{}.{}", path(&select.operand), select.field);
                    return Err(format!("has({path}) is always true: compare it with null instead"));
                }
                Ok(if select.test { Shape::Bool } else { member })
            }
            Expr::Call(call) => {
                self.constant(node, call)?;
                self.call(call)
            }
            Expr::List(list) => {
                for element in &list.elements {
                    self.shape(element)?;
                }
                Ok(Shape::List)
            }
            Expr::Map(map) => {
                for entry in &map.entries {
                    let EntryExpr::MapEntry(entry) = &entry.expr else {
                        return Err("its expression makes an object in a way that is not supported".to_owned());
                    };
                    self.shape(&entry.key)?;
                    self.shape(&entry.value)?;
                }
                Ok(Shape::Map)
            }
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Struct(record) => Err(format!("unknown type `{}`", record.type_name)),
            Expr::Unspecified => Err("its expression has a part that means nothing".to_owned()),
        }
    }

    fn name(&self, name: &str) -> Result<Shape, String> {
        let local = self.locals.iter().rev().find(|(local, _)| *local == name);
        if let Some((_, shape)) = local.or_else(|| VARIABLES.iter().find(|(variable, _)| *variable == name)) {
            return Ok(*shape);
        }
        if TYPES.contains(&name) {
            return Ok(Shape::Type);
        }
        Err(format!("unknown name `{name}`: there are {}", names(VARIABLES)))
    }

    fn comprehension(&mut self, comprehension: &'e ComprehensionExpr) -> Result<Shape, String> {
        let range = self.shape(&comprehension.iter_range)?;
        if !(range.may_be(Shape::List) || range.may_be(Shape::Map)) {
            return Err(format!("{} has no elements to visit", range.name()));
        }
        let local = comprehension.iter_var.as_str();
        if VARIABLES.iter().any(|(variable, _)| *variable == local) || TYPES.contains(&local) {
            return Err(format!("the local name `{local}` hides what is called so already: choose another"));
        }
        let outside = self.locals.len();
        let accumulated = self.shape(&comprehension.accu_init)?;
        self.locals.push((local, Shape::Unknown));
        self.locals.push((&comprehension.accu_var, accumulated));
        let shape = self
            .shape(&comprehension.loop_cond)
            .and_then(|_| self.shape(&comprehension.loop_step))
            .and_then(|_| self.shape(&comprehension.result));
        self.locals.truncate(outside);
        shape
    }

    fn call(&mut self, call: &'e CallExpr) -> Result<Shape, String> {
        let receiver = call.target.as_deref().map(|target| self.shape(target)).transpose()?;
        let arguments = call.args.iter().map(|argument| self.shape(argument)).collect::<Result<Vec<_>, _>>()?;
        match (receiver, call.func_name.as_str(), arguments.as_slice()) {
            (None, operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT, operands) => {
                operands.iter().try_for_each(|operand| truth(*operand)).map(|()| Shape::Bool)
            }
            (None, operators::CONDITIONAL, [condition, yes, no]) => {
                truth(*condition)?;
                match (yes, no) {
                    (Shape::Unknown | Shape::Null, known) | (known, Shape::Unknown | Shape::Null) => Ok(*known),
                    (yes, no) if yes.may_be(*no) => Ok(*yes),
                    (yes, no) => Err(format!("`? :` gives {} or {}: decide on one", yes.name(), no.name())),
                }
            }
            (None, operators::EQUALS | operators::NOT_EQUALS, [left, right]) => {
                let null = *left == Shape::Null || *right == Shape::Null;
                if null || left.may_be(*right) { Ok(Shape::Bool) } else { Err(unlike(*left, *right)) }
            }
            (
                None,
                operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS,
                [left, right],
            ) => {
                if left.may_be(*right) {
                    Ok(Shape::Bool)
                } else {
                    Err(unlike(*left, *right))
                }
            }
            (
                None,
                operators::ADD | operators::SUBSTRACT | operators::MULTIPLY | operators::DIVIDE | operators::MODULO,
                [left, right],
            ) => arithmetic(&call.func_name, *left, *right),
            (None, operators::NEGATE, [operand]) => Ok(*operand),
            (None, operators::INDEX, [operand, _]) => match (operand, call.args.as_slice()) {
                (Shape::Record(_), [object, Node { expr: Expr::Literal(LiteralValue::String(name)), .. }]) => {
                    member(*operand, object, name.inner())
                }
                (Shape::Record(_), _) => Err("members of workflow, transition and actor go by name".to_owned()),
                (Shape::Labels, [_, Node { expr: Expr::Literal(LiteralValue::String(name)), .. }]) => {
                    label(name.inner())
                }
                (Shape::Labels, _) => Ok(Shape::Text),
                (operand, _) if operand.may_be(Shape::List) || operand.may_be(Shape::Map) => Ok(Shape::Unknown),
                (operand, _) => Err(format!("{} has no elements", operand.name())),
            },
            (None, operators::IN, [_, container]) => {
                if let (Shape::Labels, [Node { expr: Expr::Literal(LiteralValue::String(name)), .. }, _]) =
                    (container, call.args.as_slice())
                {
                    label(name.inner())?;
                }
                if container.may_be(Shape::List) || container.may_be(Shape::Map) {
                    Ok(Shape::Bool)
                } else {
                    Err(format!("`in` looks into a list or an object, not into {}", container.name()))
                }
            }
            (None, operators::NOT_STRICTLY_FALSE, _) => Ok(Shape::Bool),
            (receiver, name, arguments) => function(receiver, name, arguments.len()).map(|function| function.gives),
        }
    }

    /// Evaluates an expression of literals only: its result never changes. Patterns are compiled in another module.
    fn constant(&self, node: &Node, call: &CallExpr) -> Result<(), String> {
        let literal = |node: &Node| matches!(node.expr, Expr::Literal(_));
        let tried = if call.func_name != "matches"
            && call.args.iter().all(literal)
            && call.target.as_deref().is_none_or(literal)
        {
            Value::resolve(node, self.library)
        } else {
            return Ok(());
        };
        match tried {
            // An unknown function, and a known one that is used wrongly, have their own, clearer errors.
            Ok(_) | Err(cel::ExecutionError::UndeclaredReference(_)) => Ok(()),
            Err(error) => Err(format!("its expression has a constant that always fails: {error}")),
        }
    }
}

fn literal_shape(literal: &LiteralValue) -> Shape {
    match literal {
        LiteralValue::Boolean(_) => Shape::Bool,
        LiteralValue::Bytes(_) => Shape::Bytes,
        LiteralValue::Double(_) | LiteralValue::Int(_) | LiteralValue::UInt(_) => Shape::Number,
        LiteralValue::Null => Shape::Null,
        LiteralValue::String(_) => Shape::Text,
    }
}

fn member(operand: Shape, node: &Node, field: &str) -> Result<Shape, String> {
    match operand {
        Shape::Record(members) => members
            .iter()
            .find(|(name, _)| *name == field)
            .map(|(_, shape)| *shape)
            .ok_or_else(|| format!("{} has no member `{field}`: there are {}", path(node), names(members))),
        Shape::Labels => label(field),
        Shape::Map | Shape::Unknown => Ok(Shape::Unknown),
        Shape::Bool
        | Shape::Number
        | Shape::Text
        | Shape::Instant
        | Shape::Duration
        | Shape::Bytes
        | Shape::Null
        | Shape::Type
        | Shape::List => Err(format!("{} is {} and has no member `{field}`", path(node), operand.name())),
    }
}

/// The value of a label; an error when no label can have this name.
fn label(name: &str) -> Result<Shape, String> {
    let named = name.parse::<LabelName>();
    named.map(|_| Shape::Text).map_err(|error| format!("no label is called `{name}`: its name {error}"))
}

fn truth(operand: Shape) -> Result<(), String> {
    if operand.may_be(Shape::Bool) {
        Ok(())
    } else {
        Err(format!("{} stands where true or false must be", operand.name()))
    }
}

fn unlike(left: Shape, right: Shape) -> String {
    format!("{} and {} cannot be compared", left.name(), right.name())
}

fn arithmetic(operator: &str, left: Shape, right: Shape) -> Result<Shape, String> {
    use Shape::{Bytes, Duration, Instant, List, Number, Text, Unknown};
    match (left, operator, right) {
        (Unknown, _, _) | (_, _, Unknown) => Ok(Unknown),
        (Number, _, Number) => Ok(Number),
        (Text, operators::ADD, Text) => Ok(Text),
        (Bytes, operators::ADD, Bytes) => Ok(Bytes),
        (List, operators::ADD, List) => Ok(List),
        (Duration, operators::ADD | operators::SUBSTRACT, Duration) | (Instant, operators::SUBSTRACT, Instant) => {
            Ok(Duration)
        }
        (Instant, operators::ADD | operators::SUBSTRACT, Duration) | (Duration, operators::ADD, Instant) => Ok(Instant),
        (left, operator, right) => {
            let sign = operator.trim_matches('_');
            Err(format!("`{sign}` does not go with {} and {}", left.name(), right.name()))
        }
    }
}

fn function(receiver: Option<Shape>, name: &str, arguments: usize) -> Result<&'static Function, String> {
    let called_so = |function: &&Function| function.name == name && function.receivers.is_some() == receiver.is_some();
    let Some(function) = FUNCTIONS.iter().find(called_so) else {
        return Err(format!("unknown function `{name}`"));
    };
    if !(function.arguments_min..=function.arguments_max).contains(&arguments) {
        return Err(format!("the function `{name}` takes another number of arguments than {arguments}"));
    }
    match (function.receivers, receiver) {
        (Some(receivers), Some(receiver)) if !receivers.iter().any(|possible| receiver.may_be(*possible)) => {
            Err(format!("the function `{name}` cannot be called on {}", receiver.name()))
        }
        _ => Ok(function),
    }
}

/// A node as it is written, as far as it is a name with members.
fn path(node: &Node) -> String {
    if let Expr::Ident(name) = &node.expr {
        name.clone()
    } else if let Expr::Select(select) = &node.expr {
        format!("{}.{}", path(&select.operand), select.field)
    } else {
        "what stands before the dot".to_owned()
    }
}

fn names(members: &[(&str, Shape)]) -> String {
    members.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}
