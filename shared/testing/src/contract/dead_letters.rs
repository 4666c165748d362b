//! The contract of the dead-letter store: each confirmed letter is stored in full, for a person to review.

use alims_domain::identifiers::{EventId, Version};
use alims_operations::ports::{DeadLetter, DeadLetters, RefusedEvent};

/// A dead-letter store that a test can read and make unavailable.
pub trait DeadLettersStage {
    /// The adapter.
    fn dead_letters(&self) -> &impl DeadLetters;

    /// The letters that are kept, in any order.
    fn kept(&self) -> Vec<DeadLetter>;

    /// Whether what keeps them fails from now on.
    fn fails(&self, fails: bool);
}

fn a_letter(key: &str, why: &str) -> DeadLetter {
    DeadLetter { sequence_number: format!("of {key}"), key: key.to_owned(), why: why.to_owned(), refused: None }
}

/// What is kept of an event that the bus refused for good, with a version and without.
fn refused_letters() -> [DeadLetter; 2] {
    [Some(Version::FIRST), None].map(|version| {
        let event_id = EventId::try_from("01890a5d-ac96-774b-bcce-b302099a8057".to_owned()).unwrap();
        let refused = RefusedEvent { event_id, version, code: "MalformedDetail".to_owned() };
        DeadLetter { refused: Some(refused), ..a_letter(&format!("refused {version:?}"), "It is malformed.") }
    })
}

async fn assert_kept(stage: &impl DeadLettersStage, letters: &[DeadLetter]) {
    for letter in letters {
        stage.dead_letters().put(letter).await.unwrap();
    }
    for letter in letters {
        assert!(stage.kept().contains(letter), "{letter:?} is missing");
    }
}

/// Quotes, line feeds, other scripts, nothing, and much.
pub async fn a_confirmed_letter_is_kept_whole(stage: impl DeadLettersStage) {
    let odd = [
        a_letter("plain", "It cannot be read."),
        a_letter("", ""),
        a_letter("\"quoted\" \\ {", "two\nlines\r\n\tand a tab"),
        a_letter("Ωmega 🧪", "ä\u{2028}\u{1}"),
        a_letter("long", &"x".repeat(10_000)),
    ];
    assert_kept(&stage, &odd).await;
    assert_kept(&stage, &refused_letters()).await;
    assert_eq!(stage.kept().len(), odd.len() + refused_letters().len());
}

/// Any number, of one record or of many.
pub async fn a_letter_removes_no_other(stage: impl DeadLettersStage) {
    let letters: Vec<DeadLetter> = (0..5).map(|n| a_letter("one record", &format!("try {n}"))).collect();
    assert_kept(&stage, &letters).await;
}

/// Then the record stays where it is, and is confirmed when the place is back.
pub async fn a_letter_that_is_not_kept_is_an_error(stage: impl DeadLettersStage) {
    let (first, second) = (a_letter("first", "before"), a_letter("second", "while it fails"));
    assert_kept(&stage, std::slice::from_ref(&first)).await;
    stage.fails(true);
    let outcome = stage.dead_letters().put(&second).await;
    assert!(outcome.is_err(), "{outcome:?}");
    stage.fails(false);
    assert_kept(&stage, std::slice::from_ref(&second)).await;
    assert!(stage.kept().contains(&first), "{first:?} is missing");
}
