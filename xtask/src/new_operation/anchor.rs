//! Where text is put into a file: found by what stands around it, and by no number of a line.

use anyhow::{Context as _, ensure};

/// Puts text after the first line that begins so, indentation apart.
///
/// # Errors
/// When there is no such line.
pub(crate) fn after(text: &str, begins: &str, new: &str) -> anyhow::Result<String> {
    let at = text.lines().position(|line| line.trim_start().starts_with(begins));
    put(text, at.with_context(|| no_line(begins))? + 1, new)
}

/// Puts text before the first line that is `closes`, after the first that contains `opens`.
///
/// # Errors
/// When one of the two is missing.
pub(crate) fn at_end_of(text: &str, opens: &str, closes: &str, new: &str) -> anyhow::Result<String> {
    let opened = text.lines().position(|line| line.contains(opens)).with_context(|| no_line(opens))?;
    let after = text.lines().skip(opened + 1).position(|line| line == closes);
    put(text, opened + 1 + after.with_context(|| no_line(closes))?, new)
}

/// Puts a line at its place in the alphabet among the first lines that begin so, from the line `opens` on. Such lines
/// stand together, and only what comes before the first `.`, ` `, `:` or `;` of the rest is compared.
///
/// # Errors
/// When there are no such lines.
pub(crate) fn sorted(text: &str, opens: &str, begins: &str, new: &str) -> anyhow::Result<String> {
    let opened = text.lines().position(|line| line == opens || opens.is_empty()).with_context(|| no_line(opens))?;
    let belongs = |line: &str| line.starts_with(begins) && !line.is_empty();
    let first = text.lines().skip(opened).position(|line| line != opens && belongs(line));
    let first = opened + first.with_context(|| no_line(begins))?;
    let group = text.lines().skip(first).take_while(|line| belongs(line));
    let before = group.take_while(|line| key(line, begins) < key(new, begins)).count();
    put(text, first + before, new)
}

fn key<'a>(line: &'a str, begins: &str) -> &'a str {
    let rest = line.strip_prefix(begins).unwrap_or(line);
    rest.split(['.', ' ', ':', ';']).next().unwrap_or_default()
}

/// Makes the number that follows `before` one larger.
///
/// # Errors
/// When no number follows it.
pub(crate) fn one_more(text: &str, before: &str) -> anyhow::Result<String> {
    let (head, tail) = text.split_once(before).with_context(|| no_line(before))?;
    let digits: String = tail.chars().take_while(char::is_ascii_digit).collect();
    let number: usize = digits.parse().with_context(|| format!("no number follows `{before}`"))?;
    let tail = tail.strip_prefix(digits.as_str()).unwrap_or_default();
    Ok(format!("{head}{before}{}{tail}", number + 1))
}

/// Replaces a text that stands there once.
///
/// # Errors
/// When it does not stand there exactly once.
pub(crate) fn replaced(text: &str, old: &str, new: &str) -> anyhow::Result<String> {
    ensure!(text.matches(old).count() == 1, "not exactly one `{old}`");
    Ok(text.replacen(old, new, 1))
}

/// Puts text before the line of this number, the first being 0.
pub(crate) fn put(text: &str, at: usize, new: &str) -> anyhow::Result<String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let (before, after) = lines.split_at_checked(at).context("the file ends too early")?;
    Ok(format!("{}{}\n{}", before.concat(), new.trim_end_matches('\n'), after.concat()))
}

fn no_line(wanted: &str) -> String {
    format!("no line with `{wanted}`")
}
