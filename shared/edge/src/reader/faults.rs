//! Collects everything that is wrong with one request.

use jsonptr::Pointer;

use crate::problem::{Fault, Problem};

/// How many faults of one request are told. A body of nothing but faults would else make an answer larger than itself.
pub const FAULTS_MAX: usize = 100;

/// What is wrong with a request, in the order it was found.
#[derive(Debug, Default)]
pub struct Faults {
    found: Vec<Found>,
}

#[derive(Debug)]
struct Found {
    fault: Fault,
    too_large: Option<(&'static str, usize)>,
}

impl Faults {
    /// Something in the body. One fault a place: what follows from the first is noise.
    pub fn at(&mut self, place: &Pointer, message: impl Into<String>) {
        self.push(Some(place), message.into(), None);
    }

    /// Something that is not in the body; the message says where it is.
    pub fn outside(&mut self, message: impl Into<String>) {
        self.push(None, message.into(), None);
    }

    /// Something in the body that is larger than is allowed.
    pub fn too_large(&mut self, place: &Pointer, what: &'static str, limit_bytes: usize) {
        self.push(Some(place), format!("must be at most {limit_bytes} bytes of JSON"), Some((what, limit_bytes)));
    }

    /// Whether anything is wrong so far.
    pub fn any(&self) -> bool {
        !self.found.is_empty()
    }

    fn push(&mut self, place: Option<&Pointer>, message: String, too_large: Option<(&'static str, usize)>) {
        let pointer = place.map(|place| place.as_str().to_owned());
        let known = |found: &Found| found.fault.pointer.is_some() && found.fault.pointer == pointer;
        if self.found.len() < FAULTS_MAX && !self.found.iter().any(known) {
            self.found.push(Found { fault: Fault { pointer, message }, too_large });
        }
    }

    /// The value, when nothing is wrong.
    ///
    /// What is wrong only in its size is a problem of its own; together with other faults it is one of them.
    pub fn conclude<T>(self, value: impl FnOnce() -> Option<T>) -> Result<T, Problem> {
        let all_too_large = self.found.iter().map(|found| found.too_large).collect::<Option<Vec<_>>>();
        if let Some((what, limit_bytes)) = all_too_large.and_then(|sizes| sizes.first().copied()) {
            return Err(Problem::PayloadTooLarge { what, limit_bytes });
        }
        if !self.found.is_empty() {
            return Err(Problem::MalformedRequest(self.found.into_iter().map(|found| found.fault).collect()));
        }
        value().ok_or_else(|| Problem::internal("a reader gave neither a value nor a fault"))
    }
}
