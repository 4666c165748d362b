//! The PIN of a data folder: what a person at this machine knows and another user of it does not.
//!
//! Everybody on the machine reaches the port. The PIN stands in a file of the data folder, beside the key that signs
//! tokens, and is as secret as that: so the sign-in page opens nothing to those who may not read the folder.

use alims_operations::ports::Clock;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::rand;
use std::sync::{Mutex, PoisonError};

use crate::folder::{DataFolder, FolderError};

/// The digits of a PIN that the server makes.
const DIGITS: usize = 6;
/// The longest PIN that a person may choose, in characters.
const PIN_CHARS_MAX: usize = 64;
/// How many wrong PINs are looked at within [`TRIES_WINDOW_MS`], of all people together: to try a million takes months.
const TRIES_MAX: u32 = 10;
/// See [`TRIES_MAX`].
const TRIES_WINDOW_MS: i64 = 60_000;

/// Why there is no PIN.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// Its file.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The file holds something else.
    #[error("{} has no PIN of 4 to {PIN_CHARS_MAX} characters; remove it to get a new one", .0.display())]
    NotAPin(std::path::PathBuf),
    /// The system gave no random bytes.
    #[error("no PIN could be made")]
    NotGenerated,
}

/// Why a PIN is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PinRefused {
    /// It is another one.
    Wrong,
    /// Too many were wrong.
    Wait,
}

/// A folder's PIN, and how often it was guessed at.
pub(crate) struct Pin {
    text: String,
    tries: Mutex<Tries>,
}

#[derive(Default)]
struct Tries {
    since: i64,
    wrong: u32,
}

impl Pin {
    /// Reads the folder's PIN, making one when there is none.
    pub(crate) fn load_or_create(folder: &DataFolder) -> Result<Self, PinError> {
        let path = folder.pin();
        let fresh = || {
            let mut bytes = [0; 8];
            rand::fill(&mut bytes).map_err(|_| PinError::NotGenerated)?;
            Ok::<_, PinError>(format!("{:0DIGITS$}\n", u64::from_le_bytes(bytes) % 1_000_000))
        };
        let text = String::from_utf8(folder.secret(&path, fresh)?).unwrap_or_default();
        let text = text.trim();
        let is_pin = (4..=PIN_CHARS_MAX).contains(&text.chars().count()) && !text.contains(char::is_control);
        if is_pin { Ok(Self::of(text)) } else { Err(PinError::NotAPin(path)) }
    }

    fn of(text: &str) -> Self {
        Self { text: text.to_owned(), tries: Mutex::default() }
    }

    /// The PIN itself, for the banner.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether this is the PIN.
    pub(super) fn check(&self, given: &str, clock: &dyn Clock) -> Result<(), PinRefused> {
        let now = clock.now().unix_millis();
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back begins a new window.
        if !(0..TRIES_WINDOW_MS).contains(&now.saturating_sub(tries.since)) {
            *tries = Tries { since: now, wrong: 0 };
        }
        if tries.wrong >= TRIES_MAX {
            return Err(PinRefused::Wait);
        }
        if verify_slices_are_equal(given.trim().as_bytes(), self.text.as_bytes()).is_ok() {
            return Ok(());
        }
        tries.wrong += 1;
        Err(PinRefused::Wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_testing::FixedClock;
    use alims_testing::builders::at;

    #[test]
    fn a_pin_is_made_once_and_one_that_a_person_chose_is_taken() {
        let data = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(data.path()).unwrap();
        let made = Pin::load_or_create(&folder).unwrap();
        assert!(made.text().len() == DIGITS && made.text().bytes().all(|digit| digit.is_ascii_digit()));
        assert_eq!(Pin::load_or_create(&folder).unwrap().text(), made.text());
        for (text, taken) in [("open sesame\n", Some("open sesame")), ("123", None), ("", None), ("12\u{7}45", None)] {
            crate::folder::replace(&folder.pin(), text.as_bytes()).unwrap();
            assert_eq!(Pin::load_or_create(&folder).ok().as_ref().map(Pin::text), taken, "{text}");
        }
    }

    #[test]
    fn guessing_has_an_end_and_begins_again_a_minute_later() {
        let (pin, clock) = (Pin::of("123456"), FixedClock::default());
        clock.set(at(0));
        for _ in 0..TRIES_MAX {
            assert_eq!(pin.check("123450", &clock), Err(PinRefused::Wrong));
        }
        assert_eq!(pin.check("123456", &clock), Err(PinRefused::Wait), "not even the right one");
        clock.set(at(TRIES_WINDOW_MS - 1));
        assert_eq!(pin.check("123456", &clock), Err(PinRefused::Wait));
        clock.set(at(TRIES_WINDOW_MS));
        assert_eq!(pin.check(" 123456 ", &clock), Ok(()));
    }
}
