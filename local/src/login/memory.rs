//! What the provider remembers for a time under names that are too long to guess: sign-ins under way, codes and refresh
//! tokens. It is lost when the server stops; people sign in again then.

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How much is remembered at once. Beyond that the oldest goes, so that a flood takes no memory.
const KEPT_MAX: usize = 1024;
/// The random bytes of a name: too many to guess (RFC 6749, section 10.10).
const NAME_BYTES: usize = 32;

/// A name that is too long to guess; none when the system gives no random bytes.
pub(super) fn fresh_name() -> Option<String> {
    let mut bytes = [0; NAME_BYTES];
    rand::fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

/// Values by name, each until an instant in milliseconds since 1970-01-01T00:00:00Z.
pub(super) struct Memory<T>(Mutex<HashMap<String, (i64, T)>>);

impl<T: Clone> Memory<T> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    /// Keeps a value and gives its name; none when there is none to give.
    pub(super) fn keep(&self, now: i64, until: i64, value: T) -> Option<String> {
        let name = fresh_name()?;
        let mut kept = self.kept();
        kept.retain(|_, (until, _)| now < *until);
        if kept.len() >= KEPT_MAX {
            let oldest = kept.iter().min_by_key(|(_, (until, _))| *until).map(|(name, _)| name.clone());
            oldest.and_then(|oldest| kept.remove(&oldest));
        }
        kept.insert(name.clone(), (until, value));
        Some(name)
    }

    /// The value of this name, while it lasts.
    pub(super) fn get(&self, now: i64, name: &str) -> Option<T> {
        self.kept().get(name).filter(|(until, _)| now < *until).map(|(_, value)| value.clone())
    }

    /// The value of this name, while it lasts. `change` changes what is kept before another request sees it.
    pub(super) fn get_and(&self, now: i64, name: &str, change: impl FnOnce(&mut T)) -> Option<T> {
        let mut kept = self.kept();
        let (_, value) = kept.get_mut(name).filter(|(until, _)| now < *until)?;
        let before = value.clone();
        change(value);
        Some(before)
    }

    /// Forgets the value of this name.
    pub(super) fn forget(&self, name: &str) {
        self.kept().remove(name);
    }

    /// Forgets every value that is so.
    pub(super) fn forget_those(&self, is_so: impl Fn(&T) -> bool) {
        self.kept().retain(|_, (_, value)| !is_so(value));
    }

    /// A holder that panicked left no half change.
    fn kept(&self) -> MutexGuard<'_, HashMap<String, (i64, T)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_there_until_its_end_and_the_oldest_goes_first() {
        let memory = Memory::new();
        let first = memory.keep(0, 1000, 0).unwrap();
        assert_eq!((memory.get(999, &first), memory.get(1000, &first)), (Some(0), None));
        assert_eq!(memory.get_and(0, &first, |value| *value = 7), Some(0));
        assert_eq!(memory.get(0, &first), Some(7));
        let later: Vec<String> = (0..KEPT_MAX).map(|at| memory.keep(0, 2000, at).unwrap()).collect();
        assert_eq!((memory.get(0, &first), memory.get(0, later.last().unwrap())), (None, Some(KEPT_MAX - 1)));
        memory.forget_those(|value| *value > 0);
        assert_eq!(later.iter().filter(|name| memory.get(0, name).is_some()).count(), 1);
        memory.forget(&later[0]);
        assert_eq!(memory.get(0, &later[0]), None);
    }
}
