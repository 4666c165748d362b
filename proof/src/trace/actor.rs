//! Whose doing a recorded line is: the first letter of an actor's name says it.

/// Whose doing a line is.
pub(super) fn by(actor: &str) -> &'static str {
    match actor.as_bytes().first() {
        Some(b'c') => "call",
        Some(b'v') => "turn",
        Some(b'p') => "publisher",
        Some(b'h') => "person",
        Some(b'r') => "replay",
        _ => "environment",
    }
}
