//! A text from an untrusted request, made safe to repeat in an answer.

/// The text with its odd characters escaped, and cut where it is long.
pub(crate) fn shown(text: &str) -> String {
    const SHOWN_CHARACTERS_MAX: usize = 64;
    text.chars().take(SHOWN_CHARACTERS_MAX).flat_map(char::escape_debug).collect()
}
