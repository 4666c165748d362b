//! Collects everything that is wrong with one request.

use jsonptr::Pointer;

use crate::problem::{Problem, RequestFault, Unsupported};

/// How many faults of one request the answer lists. Otherwise a body of faults could make an answer larger than itself.
pub const FAULTS_MAX: usize = 100;

/// The faults of a request, in the order in which they were found.
#[derive(Debug, Default)]
pub struct Faults {
    found: Vec<Found>,
}

#[derive(Debug)]
struct Found {
    fault: RequestFault,
    too_large: Option<(&'static str, usize)>,
    unsupported: Option<Unsupported>,
}

impl Faults {
    /// Adds a fault in the body. Each place has one fault, because later ones follow from the first.
    pub fn at(&mut self, place: &Pointer, message: impl Into<String>) {
        self.push(Some(place), message.into(), None, None);
    }

    /// Adds a fault outside the body; the message names its place.
    pub fn outside(&mut self, message: impl Into<String>) {
        self.push(None, message.into(), None, None);
    }

    /// Adds a body in a form that cannot be read; the message names the header.
    pub fn unsupported(&mut self, message: impl Into<String>, what: Unsupported) {
        self.push(None, message.into(), None, Some(what));
    }

    /// Adds a value in the body that exceeds its size limit.
    pub fn too_large(&mut self, place: &Pointer, what: &'static str, limit_bytes: usize) {
        let message = format!("must be at most {limit_bytes} bytes of JSON");
        self.push(Some(place), message, Some((what, limit_bytes)), None);
    }

    /// Whether there is a fault so far.
    pub fn any(&self) -> bool {
        !self.found.is_empty()
    }

    fn push(
        &mut self,
        place: Option<&Pointer>,
        message: String,
        too_large: Option<(&'static str, usize)>,
        unsupported: Option<Unsupported>,
    ) {
        let pointer = place.map(|place| place.as_str().to_owned());
        let known = |found: &Found| found.fault.pointer.is_some() && found.fault.pointer == pointer;
        if self.found.len() < FAULTS_MAX && !self.found.iter().any(known) {
            self.found.push(Found { fault: RequestFault { pointer, message }, too_large, unsupported });
        }
    }

    /// The value, when there is no fault.
    ///
    /// A body whose form is not supported is a problem of its own, and lists all faults. A single size fault is one
    /// too; together with other faults it is one of them.
    pub fn conclude<T>(self, value: impl FnOnce() -> Option<T>) -> Result<T, Problem> {
        let all_too_large = self.found.iter().map(|found| found.too_large).collect::<Option<Vec<_>>>();
        if let Some((what, limit_bytes)) = all_too_large.and_then(|sizes| sizes.first().copied()) {
            let faults =
                self.found.into_iter().map(|found| found.fault).filter(|fault| fault.pointer.as_deref() != Some(""));
            return Err(Problem::PayloadTooLarge { what, limit_bytes, faults: faults.collect() });
        }
        let unsupported = self.found.iter().find_map(|found| found.unsupported);
        let faults: Vec<RequestFault> = self.found.into_iter().map(|found| found.fault).collect();
        if let Some(what) = unsupported {
            return Err(Problem::UnsupportedMediaType { faults, what });
        }
        if !faults.is_empty() {
            return Err(Problem::MalformedRequest(faults));
        }
        value().ok_or_else(|| Problem::internal("a reader gave neither a value nor a fault"))
    }
}
