//! Whether a text shows anything to a person who reads it, and whether it shows what it is.

use icu_properties::props::{BidiControl, DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup};
use icu_properties::{CodePointMapData, CodePointSetData};

use crate::invalid::InvalidValue;

/// Symbols whose picture is blank: the empty Braille cell and the musical null notehead.
const BLANK_SYMBOLS: [char; 2] = ['\u{2800}', '\u{1d159}'];
/// What has a picture of its own. A mark has none without a letter before it, and the others have none or unknown ones.
const PRINTED: GeneralCategoryGroup = GeneralCategoryGroup::Letter
    .union(GeneralCategoryGroup::Number)
    .union(GeneralCategoryGroup::Punctuation)
    .union(GeneralCategoryGroup::Symbol);

/// Whether at least one character of a text is visible on its own.
///
/// White space, format characters such as the zero-width space, variation selectors, marks without a letter, and
/// fillers such as that of Hangul show nothing.
#[must_use]
pub fn shows_something(text: &str) -> bool {
    text.chars().any(is_visible)
}

/// Whether a name can show something else than what it is: two that differ would look alike, or the text around it would
/// change places.
///
/// It can when it has a character that shows nothing, one that changes the direction of writing, a line separator, or one
/// without a meaning that all agree on. The two joiners between letters belong to the spelling of several scripts.
#[must_use]
pub fn deceives(name: &str) -> bool {
    let letters = CodePointMapData::<GeneralCategory>::new();
    let joined = |c: Option<char>| {
        let of_script = GeneralCategoryGroup::Letter.union(GeneralCategoryGroup::Mark);
        c.is_some_and(|c| !c.is_ascii() && of_script.contains(letters.get(c)))
    };
    let mut before = None;
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        let is_joiner = JOINERS.contains(&c) && joined(before) && joined(rest.peek().copied());
        let hides = CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c) || BLANK_SYMBOLS.contains(&c);
        let reorders = CodePointSetData::new::<BidiControl>().contains(c);
        if !is_joiner && (hides || reorders || UNCLEAR.contains(letters.get(c))) {
            return true;
        }
        before = Some(c);
    }
    false
}

/// The zero-width non-joiner and the zero-width joiner.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];
/// Line and paragraph separators, and what has no character of its own.
const UNCLEAR: GeneralCategoryGroup = GeneralCategoryGroup::LineSeparator
    .union(GeneralCategoryGroup::ParagraphSeparator)
    .union(GeneralCategoryGroup::PrivateUse)
    .union(GeneralCategoryGroup::Unassigned);

/// The characters that show nothing follow from tables that grow with Unicode.
pub(crate) fn visible(text: &str) -> Result<(), InvalidValue> {
    if shows_something(text) {
        Ok(())
    } else {
        Err(InvalidValue::new("has only invisible characters; write something that people can read"))
    }
}

/// What people compare by eye must be what it looks like.
pub(crate) fn clear(text: &str) -> Result<(), InvalidValue> {
    visible(text)?;
    if deceives(text) {
        Err(InvalidValue::new(
            "has a character that is invisible or changes the direction of writing, so that people would read something else",
        ))
    } else {
        Ok(())
    }
}

fn is_visible(c: char) -> bool {
    PRINTED.contains(CodePointMapData::<GeneralCategory>::new().get(c))
        && !CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        && !BLANK_SYMBOLS.contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Spaces, controls, zero-width and directional formats, fillers, selectors, tags, marks, blanks, and what is no
    /// character.
    const INVISIBLE: &[char] = &[
        ' ',
        '\t',
        '\n',
        '\u{0}',
        '\u{7f}',
        '\u{85}',
        '\u{a0}',
        '\u{ad}',
        '\u{300}',
        '\u{301}',
        '\u{34f}',
        '\u{61c}',
        '\u{115f}',
        '\u{1160}',
        '\u{1680}',
        '\u{17b4}',
        '\u{17b5}',
        '\u{180b}',
        '\u{180e}',
        '\u{2000}',
        '\u{200b}',
        '\u{200c}',
        '\u{200d}',
        '\u{200e}',
        '\u{2028}',
        '\u{202e}',
        '\u{202f}',
        '\u{2060}',
        '\u{2064}',
        '\u{206f}',
        '\u{20dd}',
        '\u{2800}',
        '\u{3000}',
        '\u{3164}',
        '\u{fe00}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{ffa0}',
        '\u{fff9}',
        '\u{ffff}',
        '\u{1d159}',
        '\u{1d173}',
        '\u{e0001}',
        '\u{e0020}',
        '\u{e0100}',
        '\u{e000}',
        '\u{10ffff}',
    ];

    #[test]
    fn letters_digits_and_signs_of_every_script_are_visible() {
        for c in ["a", "7", "-", "…", "ä", "e\u{301}", "я", "ع", "漢", "한", "क", "🧪", "⠁", "½", "°"] {
            assert!(shows_something(c), "{c}");
        }
        assert!(!shows_something(""));
    }

    #[test]
    fn a_name_deceives_that_hides_or_turns_a_part_of_itself() {
        for name in [
            "Sue Berger",
            "O’Neill-Şahin",
            "Ñuño",
            "e\u{301}va",
            "李 雷",
            "محمد",
            "ශ්\u{200d}රී",
            "می\u{200c}خواهم",
            "bob@lab",
        ] {
            assert!(!deceives(name), "{name:?}");
        }
        for name in [
            "b\u{200b}ob",
            "b\u{200d}ob",
            "\u{200d}محمد",
            "Sue Berger\u{202e}",
            "Sue\u{2066} Berger",
            "Sue\u{2028}Berger",
            "Sue\u{feff}",
            "Sue\u{e0041}",
            "Sue\u{e000}",
            "Sue\u{378}",
            "Sue\u{200f}",
            "Sue\u{2800}",
        ] {
            assert!(deceives(name), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn a_text_of_invisible_characters_shows_nothing_and_one_letter_makes_it_visible(
            text in prop::collection::vec(prop::sample::select(INVISIBLE), 1..12),
            place in any::<prop::sample::Index>(),
        ) {
            let mut text: Vec<char> = text;
            prop_assert!(!shows_something(&text.iter().collect::<String>()));
            text.insert(place.index(text.len() + 1), 'x');
            prop_assert!(shows_something(&text.iter().collect::<String>()));
        }
    }
}
