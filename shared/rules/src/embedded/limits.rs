//! Every bound on rules.

/// Rulesets of one folder.
pub(super) const RULESETS_MAX: usize = 64;
/// One file of a ruleset, in bytes.
pub(super) const FILE_BYTES_MAX: usize = 256 * 1024;
/// Rules of one ruleset. All of their ids are in every event, so they share its 256 KiB with the metadata.
pub(super) const RULES_MAX: usize = 100;
/// An id of a ruleset or rule, in characters.
pub(super) const ID_CHARS_MAX: usize = 64;
/// The message of one rule, in characters. A refusal may carry all of a ruleset's messages.
pub(super) const MESSAGE_CHARS_MAX: usize = 500;
/// One expression, in bytes.
pub(super) const EXPRESSION_BYTES_MAX: usize = 2000;
/// How deep an expression may be nested, in brackets as written and in nodes as parsed.
///
/// In an unoptimised build the interpreter takes some 40 KiB of stack a level, so this is less than half of the 2 MiB
/// that a worker of the runtime has.
pub(super) const EXPRESSION_DEPTH_MAX: u16 = 20;
/// Elements that `all`, `exists`, `map` and the like may visit while one rule is evaluated, nested ones included.
///
/// Metadata of 64 KiB holds some 30,000 numbers: two lists of them crossed would keep a processor for a minute.
pub(super) const STEPS_MAX: usize = 10_000;
/// Units of work that one rule may do: see [`super::budget`].
///
/// It is enough to read the largest metadata some forty times, or to evaluate twenty nodes for each of [`STEPS_MAX`]
/// elements. A rule that uses all of it takes 4 to 35 ms (`cargo xtask bench judging`, optimised like the functions). A
/// ruleset in which every rule does so stays well within the time that a function has.
pub(super) const WORK_MAX: usize = 200_000;
/// A regular expression when it is compiled, in bytes.
pub(super) const PATTERN_BYTES_MAX: usize = 1024 * 1024;
/// The stack on which expressions are parsed, in bytes.
///
/// The parser recurses once for each operator of a chain such as `a + a + …`, before its depth can be checked. An
/// unoptimised build takes less than 8 MiB for the longest chain that [`EXPRESSION_BYTES_MAX`] allows.
pub(super) const PARSER_STACK_BYTES: usize = 64 * 1024 * 1024;

/// The error for an expression that is too deep for the parser or the inspection.
pub(super) fn too_deep() -> String {
    format!("its expression is nested deeper than {EXPRESSION_DEPTH_MAX} levels")
}
