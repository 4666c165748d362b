//! The tags of the operations: the kinds of work, in the order in which a newcomer tries them.

use utoipa::openapi::tag::{Tag as Described, TagBuilder};

/// What an operation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// It creates a workflow or changes it.
    Work,
    /// It reads workflows.
    Read,
    /// It shows who did what, and proves it.
    Audit,
    /// It repairs.
    Operate,
}

impl Tag {
    /// Every tag, in the order of the document.
    pub const ALL: [Self; 4] = [Self::Work, Self::Read, Self::Audit, Self::Operate];

    /// The name in the document.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Work => "Work",
            Self::Read => "Read",
            Self::Audit => "Audit",
            Self::Operate => "Operate",
        }
    }

    pub(crate) fn described(self) -> Described {
        let told = match self {
            Self::Work => "Create workflows and move them.",
            Self::Read => "Read one workflow, or list them.",
            Self::Audit => "Read who did what, and check that the history is unchanged.",
            Self::Operate => "Recover, replay and release.",
        };
        TagBuilder::new().name(self.name()).description(Some(told)).build()
    }
}
