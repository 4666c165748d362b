//! Text from outside, as a terminal may show it: what would steer the terminal is written as an escape.
//!
//! A workflow's id cannot hold such a character. An event that another program puts on the bus can, and so can a
//! library's error text that repeats what it read.

use std::io::{self, Write};

/// How many characters one line on the console may have.
const LINE_CHARS_MAX: usize = 1000;

/// The text on one line, without a character that moves the cursor, changes colours or reverses the writing direction.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if steers(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// The same, cut to the length of a line.
pub(crate) fn printable_line(text: &str) -> String {
    match text.char_indices().nth(LINE_CHARS_MAX) {
        Some((end, _)) => printable(text.get(..end).unwrap_or_default()) + "…",
        None => printable(text),
    }
}

/// Control characters, line separators, and the marks of Unicode that reorder text.
fn steers(character: char) -> bool {
    const REORDERS: [char; 14] = [
        '\u{61c}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}',
        '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
    ];
    character.is_control() || REORDERS.contains(&character)
}

/// The standard error for log lines: each write is one line, and prints as one.
pub(crate) struct LogLines<W>(W);

impl LogLines<io::Stderr> {
    /// A new one for each line, as the subscriber wants it.
    pub(crate) fn new() -> Self {
        Self(io::stderr())
    }
}

impl<W: Write> Write for LogLines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        writeln!(self.0, "{}", printable(line))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_steers_a_terminal_is_shown_and_other_text_stays() {
        for (text, shown) in [
            ("\u{1b}[31mred\u{7}", "\\u{1b}[31mred\\u{7}"),
            ("a\r\nb\tc\u{85}\u{2028}", "a\\r\\nb\\tc\\u{85}\\u{2028}"),
            ("\u{9b}2J \u{202e}drowssap", "\\u{9b}2J \\u{202e}drowssap"),
            ("Größe → Ω 日本 \"x\" \\ 🧪", "Größe → Ω 日本 \"x\" \\ 🧪"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }

    #[test]
    fn a_line_on_the_console_has_an_end() {
        let shown = printable_line(&"ä".repeat(LINE_CHARS_MAX + 1));
        assert_eq!(shown.chars().count(), LINE_CHARS_MAX + 1);
        assert!(shown.ends_with("ä…"));
        assert_eq!(printable_line("short"), "short");
    }

    #[test]
    fn what_the_log_writes_is_one_line() {
        let mut lines = LogLines(Vec::new());
        lines.write_all(b"WARN it failed: \x1b[2Jno\nsuch file\n").unwrap();
        assert_eq!(String::from_utf8(lines.0).unwrap(), "WARN it failed: \\u{1b}[2Jno\\nsuch file\n");
    }
}
