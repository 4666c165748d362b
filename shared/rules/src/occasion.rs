//! What a rule is for: a creation, a move of the lifecycle, or an amendment or a signature in whatever state.

use alims_domain::lifecycle::State;
use alims_domain::ruling::{Transition, TransitionKind};
use std::fmt;

/// What a rule is for. No move is an amendment or a signature, so a rule for one never applies to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Occasion {
    /// A move, or a creation, which comes from no state.
    Move(Option<State>, State),
    /// An amendment.
    Amendment,
    /// A signature.
    Signature,
}

impl Occasion {
    /// What a transition is.
    pub(crate) fn of(transition: &Transition) -> Self {
        match transition.kind() {
            TransitionKind::Amendment => Self::Amendment,
            TransitionKind::Signature => Self::Signature,
            TransitionKind::Creation | TransitionKind::Move => Self::Move(transition.from, transition.to),
        }
    }
}

impl fmt::Display for Occasion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Move(from, to) => write!(f, "{} to {to}", from.map_or("NOTHING", State::as_str)),
            Self::Amendment => f.write_str("amendment"),
            Self::Signature => f.write_str("signature"),
        }
    }
}
