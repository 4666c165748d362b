//! The regular expressions of the rules, compiled once when they are loaded.
//!
//! The interpreter would compile a pattern at each evaluation. Here a pattern that is too large is a start-up error,
//! and so is one that is not a literal: a pattern made of data could be anything.

use regex::{Regex, RegexBuilder};
use std::sync::{Arc, PoisonError, RwLock};

use super::limits::PATTERN_BYTES_MAX;

/// A pattern, ready to be used.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) regex: Regex,
    /// The units of work for a search in a text that costs one unit to read. It follows from the size of the compiled
    /// pattern, because a search takes at most time in proportion to that size and to the text's length.
    pub(super) weight: usize,
}

/// The patterns of all rules, by the number that each got when it was added.
#[derive(Debug, Default)]
pub(super) struct Patterns(RwLock<Vec<Arc<Pattern>>>);

/// A compiled pattern of this size costs one unit of work for a unit of text.
const BYTES_A_WEIGHT: usize = 8 * 1024;

impl Pattern {
    /// Compiles a pattern; the error says what is wrong with it.
    pub(super) fn compile(text: &str) -> Result<Self, String> {
        // No method returns its size, so this searches for the least limit under which it compiles.
        let mut bytes = BYTES_A_WEIGHT;
        loop {
            match RegexBuilder::new(text).size_limit(bytes).build() {
                Ok(regex) => return Ok(Self { regex, weight: bytes / BYTES_A_WEIGHT }),
                Err(regex::Error::CompiledTooBig(_)) if bytes < PATTERN_BYTES_MAX => bytes *= 2,
                Err(regex::Error::CompiledTooBig(_)) => {
                    return Err(format!("its pattern is larger than {PATTERN_BYTES_MAX} bytes when it is compiled"));
                }
                Err(error) => {
                    // The last line of the message is the cause; those before it draw the pattern.
                    let cause = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
                    return Err(format!("its expression has a constant that always fails: not a pattern: {cause}"));
                }
            }
        }
    }
}

impl Patterns {
    /// Keeps a pattern and gives it a number.
    pub(super) fn add(&self, pattern: Pattern) -> usize {
        let mut patterns = self.0.write().unwrap_or_else(PoisonError::into_inner);
        patterns.push(Arc::new(pattern));
        patterns.len() - 1
    }

    /// The pattern with this number.
    pub(super) fn get(&self, number: usize) -> Option<Arc<Pattern>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(number).cloned()
    }
}
