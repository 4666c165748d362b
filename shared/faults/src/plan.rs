//! Assigns faults to requests: none, one that a test names, or those that a seed selects.

use crate::fault::Fault;

/// How many of the attempts that the SDK makes at one call meet the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempts {
    /// The first request; the SDK's retry succeeds.
    First,
    /// Every one, so that the SDK gives up.
    Every,
}

impl Attempts {
    /// Both.
    pub const ALL: [Self; 2] = [Self::First, Self::Every];
}

/// Which requests meet which fault.
#[derive(Clone, Debug)]
pub enum Plan {
    /// Nothing goes wrong.
    Sound,
    /// One call meets one fault.
    At {
        /// Its number, counted from 0 since the plan is followed; attempts of one call count once.
        call: usize,
        /// Which attempts at it.
        attempts: Attempts,
        /// The fault.
        fault: Fault,
    },
    /// Faults and short delays are drawn.
    Drawn {
        /// Of a thousand requests so many meet a fault.
        per_mille: u16,
        /// The faults there are.
        faults: Vec<Fault>,
    },
}

impl Plan {
    /// Every fault there is, so many times in a thousand requests.
    #[must_use]
    pub fn drawn(per_mille: u16) -> Self {
        Self::Drawn { per_mille, faults: Fault::ALL.to_vec() }
    }
}
