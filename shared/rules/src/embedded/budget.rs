//! A bound on what one rule costs: the elements that its loops visit, and the work that it does on values.
//!
//! The interpreter has no bound. So [`super::bounding`] rewrites expressions to call the functions here: loops ask
//! before each element whether they may continue, and operations whose cost grows with their operands charge the budget
//! first.
//!
//! Work is counted in units of some tens of nanoseconds: one for each node of an expression that a loop evaluates for
//! an element, one for each value in a list or object that is read or copied, one for 16 bytes of text. Unlike elapsed
//! time it is the same for the same data on every machine.

use cel::common::traits::Adder;
use cel::common::types::{CelBool, CelBytes, CelInt, CelList, CelMap, CelMapKey, CelString};
use cel::common::value::{CowVal, Val};
use cel::{Context, DeclarationError, Env, ExecutionError, FunctionContext};
use std::cmp::Ordering;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::limits::{STEPS_MAX, WORK_MAX};
use super::patterns::Patterns;

/// The names of the functions. No expression can be written that contains one.
pub(super) const STEP: &str = "@step";
pub(super) const WEIGH: &str = "@weigh";
pub(super) const LIST: &str = "@list";
pub(super) const ADD: &str = "@add";
pub(super) const EQUALS: &str = "@equals";
pub(super) const NOT_EQUALS: &str = "@not_equals";
pub(super) const LESS: &str = "@less";
pub(super) const LESS_EQUALS: &str = "@less_equals";
pub(super) const GREATER: &str = "@greater";
pub(super) const GREATER_EQUALS: &str = "@greater_equals";
pub(super) const CONTAINED: &str = "@contained";
pub(super) const CONTAINS: &str = "@contains";
pub(super) const STARTS_WITH: &str = "@starts_with";
pub(super) const ENDS_WITH: &str = "@ends_with";
pub(super) const MATCHES: &str = "@matches";
pub(super) const SIZE: &str = "@size";

/// Bytes of text that are one unit of work.
const BYTES_A_UNIT: usize = 16;

/// The amount spent on the current rule. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Budget(Arc<Spent>);

#[derive(Debug, Default)]
struct Spent {
    steps: AtomicUsize,
    work: AtomicUsize,
}

/// Which bound a rule has met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exhausted {
    /// [`STEPS_MAX`].
    Steps,
    /// [`WORK_MAX`].
    Work,
}

/// A function as the interpreter calls it.
type Function =
    Box<dyn for<'c, 'v> Fn(&mut FunctionContext<'c, 'v>) -> Result<CowVal<'c, 'v>, ExecutionError> + Send + Sync>;

type Answer<'c, 'v> = Result<CowVal<'c, 'v>, ExecutionError>;

impl Budget {
    /// Resets the count.
    pub(super) fn start(&self) {
        self.0.steps.store(0, Relaxed);
        self.0.work.store(0, Relaxed);
    }

    /// The bound that was exceeded since then. It also catches an error that an `||` has hidden.
    pub(super) fn exhausted(&self) -> Option<Exhausted> {
        if self.0.steps.load(Relaxed) > STEPS_MAX {
            Some(Exhausted::Steps)
        } else {
            (self.0.work.load(Relaxed) > WORK_MAX).then_some(Exhausted::Work)
        }
    }

    /// Visits one element, for which so many nodes are evaluated.
    fn step(&self, nodes: usize) -> Result<(), ExecutionError> {
        self.0.steps.fetch_add(1, Relaxed);
        self.spend(nodes)
    }

    fn spend(&self, units: usize) -> Result<(), ExecutionError> {
        self.0.work.fetch_add(units, Relaxed);
        match self.exhausted() {
            None => Ok(()),
            Some(_) => Err(ExecutionError::function_error(STEP, "too much")),
        }
    }

    /// Pays for looking at the whole of a value, or for copying it.
    fn pay(&self, value: &dyn Val) -> Result<(), ExecutionError> {
        let left = WORK_MAX.saturating_sub(self.0.work.load(Relaxed));
        self.spend(weight(value, left))
    }

    /// Makes the functions known where expressions are evaluated.
    pub(super) fn count_in(
        &self,
        context: &mut Context<'_, '_>,
        env: &Arc<Env>,
        patterns: &Arc<Patterns>,
    ) -> Result<(), DeclarationError> {
        let mut add = |name, function: Function| context.add_function(name, function);
        let budget = self.clone();
        add(
            STEP,
            function(move |ftx| {
                let nodes = ftx.args.first().and_then(|nodes| nodes.downcast_ref::<CelInt>()).map_or(1, |n| *n.inner());
                budget.step(usize::try_from(nodes).unwrap_or(usize::MAX))?;
                Ok(CowVal::owned(CelBool::from(true)))
            }),
        )?;
        let budget = self.clone();
        add(
            WEIGH,
            function(move |ftx| {
                let value = ftx.args.pop().ok_or_else(ExecutionError::missing_argument_or_target)?;
                budget.pay(value.as_ref())?;
                Ok(value)
            }),
        )?;
        let budget = self.clone();
        add(
            LIST,
            function(move |ftx| {
                for element in &ftx.args {
                    budget.pay(element.as_ref())?;
                }
                let elements = std::mem::take(&mut ftx.args).into_iter().map(CowVal::into_owned);
                Ok(CowVal::owned(CelList::from(elements.collect::<Vec<_>>())))
            }),
        )?;
        add(ADD, self.of_two(|left, right| sum(&left, right.as_ref())))?;
        add(EQUALS, self.of_two(|left, right| truth(left.equals(right.as_ref()))))?;
        add(NOT_EQUALS, self.of_two(|left, right| truth(!left.equals(right.as_ref()))))?;
        add(LESS, self.of_two(|left, right| order(&left, &right, "_<_", Ordering::is_lt)))?;
        add(LESS_EQUALS, self.of_two(|left, right| order(&left, &right, "_<=_", Ordering::is_le)))?;
        add(GREATER, self.of_two(|left, right| order(&left, &right, "_>_", Ordering::is_gt)))?;
        add(GREATER_EQUALS, self.of_two(|left, right| order(&left, &right, "_>=_", Ordering::is_ge)))?;
        add(CONTAINED, self.contained())?;
        add(CONTAINS, self.of_two(|left, right| text(&left, &right, "contains", |text, part| text.contains(part))))?;
        add(
            STARTS_WITH,
            self.of_two(|left, right| text(&left, &right, "startsWith", |text, part| text.starts_with(part))),
        )?;
        add(ENDS_WITH, self.of_two(|left, right| text(&left, &right, "endsWith", |text, part| text.ends_with(part))))?;
        add(MATCHES, self.matches(patterns))?;
        add(SIZE, self.size(env))
    }

    /// An operation on the whole of two values.
    fn of_two(&self, operation: for<'c, 'v> fn(CowVal<'c, 'v>, CowVal<'c, 'v>) -> Answer<'c, 'v>) -> Function {
        let budget = self.clone();
        function(move |ftx| {
            let (left, right) = two(ftx)?;
            budget.pay(left.as_ref())?;
            budget.pay(right.as_ref())?;
            operation(left, right)
        })
    }

    /// `value in container`: it walks a list and looks up a key of an object.
    fn contained(&self) -> Function {
        let budget = self.clone();
        function(move |ftx| {
            let (value, container) = two(ftx)?;
            budget.pay(value.as_ref())?;
            if container.downcast_ref::<CelList>().is_some() {
                budget.pay(container.as_ref())?;
            }
            let wrong = || no_overload("@in", &value, &container);
            let found = container.as_container().ok_or_else(wrong)?.contains(value.as_ref());
            truth(found.map_err(|_of_another_type| wrong())?)
        })
    }

    /// `text.matches(pattern)`: the pattern is one of those that were compiled when the rules were loaded.
    fn matches(&self, patterns: &Arc<Patterns>) -> Function {
        let (budget, patterns) = (self.clone(), Arc::clone(patterns));
        function(move |ftx| {
            let (value, number) = two(ftx)?;
            let Some(text) = value.downcast_ref::<CelString>() else {
                let of = vec![name(value.as_ref()), "string".to_owned()];
                return Err(ExecutionError::no_such_member_overload("matches", of));
            };
            let number = number.downcast_ref::<CelInt>().and_then(|number| usize::try_from(*number.inner()).ok());
            let pattern = number.and_then(|number| patterns.get(number));
            let pattern = pattern.ok_or_else(|| ExecutionError::function_error("matches", "an unknown pattern"))?;
            budget.spend(units(text.inner().len()).saturating_mul(pattern.weight))?;
            truth(pattern.regex.is_match(text.inner()))
        })
    }

    /// `size(value)`: of a text each character is counted.
    fn size(&self, env: &Arc<Env>) -> Function {
        let (budget, env) = (self.clone(), Arc::clone(env));
        function(move |ftx| {
            let args = std::mem::take(&mut ftx.args);
            if let Some(text) = args.first().and_then(|value| value.downcast_ref::<CelString>()) {
                budget.spend(units(text.inner().len()))?;
            }
            match env.find_overload("size", &args) {
                Some(size) => size(args),
                None => Err(ExecutionError::no_such_overload("size", names(&args))),
            }
        })
    }
}

/// Helps the compiler to see that a closure is for any lifetimes.
fn function<F>(function: F) -> Function
where
    F: for<'c, 'v> Fn(&mut FunctionContext<'c, 'v>) -> Result<CowVal<'c, 'v>, ExecutionError> + Send + Sync + 'static,
{
    Box::new(function)
}

fn two<'c, 'v>(ftx: &mut FunctionContext<'c, 'v>) -> Result<(CowVal<'c, 'v>, CowVal<'c, 'v>), ExecutionError> {
    match (ftx.args.pop(), ftx.args.pop()) {
        (Some(right), Some(left)) => Ok((left, right)),
        _ => Err(ExecutionError::missing_argument_or_target()),
    }
}

/// The cost of a value; beyond `bound` the exact number does not matter.
fn weight(value: &dyn Val, bound: usize) -> usize {
    if let Some(text) = value.downcast_ref::<CelString>() {
        units(text.inner().len())
    } else if let Some(bytes) = value.downcast_ref::<CelBytes>() {
        units(bytes.inner().len())
    } else if let Some(list) = value.downcast_ref::<CelList>() {
        let mut all = 1;
        for element in list.inner() {
            if all > bound {
                break;
            }
            all += weight(element.as_ref(), bound);
        }
        all
    } else if let Some(map) = value.downcast_ref::<CelMap>() {
        let mut all = 1;
        for (key, element) in map.inner() {
            if all > bound {
                break;
            }
            all += weight(element.as_ref(), bound);
            all += if let CelMapKey::String(name) = key { units(name.inner().len()) } else { 1 };
        }
        all
    } else {
        1
    }
}

fn units(bytes: usize) -> usize {
    1 + bytes / BYTES_A_UNIT
}

fn truth<'c, 'v>(truth: bool) -> Answer<'c, 'v> {
    Ok(CowVal::owned(CelBool::from(truth)))
}

fn sum<'c, 'v>(left: &CowVal<'c, 'v>, right: &(dyn Val + 'v)) -> Answer<'c, 'v> {
    let adder: &(dyn Adder + 'v) = left
        .as_adder()
        .ok_or_else(|| ExecutionError::no_such_overload("_+_", vec![name(left.as_ref()), name(right)]))?;
    Ok(CowVal::Owned(adder.add(right)?.into_owned()))
}

fn order<'c, 'v>(
    left: &CowVal<'c, 'v>,
    right: &CowVal<'c, 'v>,
    operator: &str,
    holds: fn(Ordering) -> bool,
) -> Answer<'c, 'v> {
    let wrong = || no_overload(operator, left, right);
    let compared = left.as_comparer().ok_or_else(wrong)?.compare(right.as_ref());
    truth(holds(compared.map_err(|_not_comparable| wrong())?))
}

fn text<'c, 'v>(
    left: &CowVal<'c, 'v>,
    right: &CowVal<'c, 'v>,
    function: &str,
    holds: fn(&str, &str) -> bool,
) -> Answer<'c, 'v> {
    match (left.downcast_ref::<CelString>(), right.downcast_ref::<CelString>()) {
        (Some(text), Some(part)) => truth(holds(text.inner(), part.inner())),
        _ => {
            let of = vec![name(left.as_ref()), name(right.as_ref())];
            Err(ExecutionError::no_such_member_overload(function, of))
        }
    }
}

fn no_overload(function: &str, left: &CowVal<'_, '_>, right: &CowVal<'_, '_>) -> ExecutionError {
    ExecutionError::no_such_overload(function, vec![name(left.as_ref()), name(right.as_ref())])
}

fn names(values: &[CowVal<'_, '_>]) -> Vec<String> {
    values.iter().map(|value| name(value.as_ref())).collect()
}

fn name(value: &dyn Val) -> String {
    value.get_type().name().to_owned()
}
