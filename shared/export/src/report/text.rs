//! Values as text.

use alims_domain::timestamp::Timestamp;
use alims_domain::visible_text::deceives;
use maud::{Markup, html};
use serde_json::Value;

/// How much of a value is shown, in characters. The records have the whole.
const SHOWN_CHARS_MAX: usize = 1500;

/// The shortest instant: `2026-11-23T09:10:00Z`.
const INSTANT_CHARS_MIN: usize = 20;

/// A row of a table of facts.
pub(super) fn fact(name: &str, value: &str) -> Markup {
    html! { tr { th scope="row" { (name) } td { (said(value)) } } }
}

/// A text whose instants stay on one line: a browser breaks lines behind the hyphens of a date.
pub(super) fn said(text: &str) -> Markup {
    html! {
        @for part in text.split_inclusive(char::is_whitespace) {
            @if is_instant(part.trim_end()) { span.instant { (part) } } @else { (part) }
        }
    }
}

fn is_instant(word: &str) -> bool {
    word.len() >= INSTANT_CHARS_MIN && word.is_ascii() && word.parse::<Timestamp>().is_ok()
}

/// A value as text, the beginning of it when it is long.
pub(super) fn shown(value: &Value) -> String {
    let whole = match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    };
    match whole.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{} … (the whole is in records.jsonl)", whole.get(..end).unwrap_or_default()),
        None => whole,
    }
}

/// The same with a name in the place of each character that hides, turns the text around it or steers a terminal: paper
/// shows none of them. What markup needs is none of these.
pub(super) fn visible(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    for letter in html.chars() {
        let is_line = matches!(letter, '\n' | '\t');
        let is_clear = if letter.is_ascii() {
            is_line || !letter.is_control()
        } else {
            !deceives(letter.encode_utf8(&mut [0; 4]))
        };
        if is_clear {
            text.push(letter);
        } else {
            text.push_str(&format!("⟨U+{:04X}⟩", u32::from(letter)));
        }
    }
    text
}

/// An instant in two lines of a narrow column: the day and the time.
pub(super) fn instant(at: &str) -> Markup {
    let (day, time) = at.split_once('T').unwrap_or((at, ""));
    html! { (day) br; (time.trim_end_matches('Z')) }
}
