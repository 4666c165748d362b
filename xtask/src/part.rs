//! One part of a suite: a name, a reason and the work.

use crate::console;
use crate::contract::{clients, conformance};
use crate::session::Session;
use crate::step::Step;
use crate::workspace::Workspace;
use crate::{alone, e2e, sam_local, spec, template};

/// One part of a suite.
pub(crate) struct Part {
    pub(crate) name: &'static str,
    /// Why it is here.
    pub(crate) why: &'static str,
    /// Whether it starts with the first part and runs in parallel to all others, on the processors that these leave
    /// free.
    pub(crate) beside_others: bool,
    pub(crate) work: Work,
}

/// The work of a part.
pub(crate) enum Work {
    Run(Step),
    BuiltAlone,
    Specification,
    Traces,
    Template,
    EndToEnd,
    SamLocal,
    Clients,
    Console,
    Conformance,
}

impl Part {
    pub(crate) fn new(name: &'static str, why: &'static str, work: Work) -> Self {
        Self { name, why, beside_others: false, work }
    }

    pub(crate) fn cargo(name: &'static str, why: &'static str, arguments: &[&str]) -> Self {
        Self::new(name, why, Work::Run(Step::cargo(name, arguments)))
    }

    /// Does the work. Only the specification can write to a session and be stopped by it, so it alone may run in
    /// parallel.
    pub(crate) fn run(&self, workspace: &Workspace, session: &Session) -> anyhow::Result<()> {
        match &self.work {
            Work::Run(step) => step.run(workspace),
            Work::BuiltAlone => alone::check(workspace, false),
            Work::Specification => spec::check(workspace, false, session),
            Work::Traces => spec::traces::check(workspace, spec::traces::OPERATIONS, 1),
            Work::Template => template::check(workspace, false),
            Work::Clients => clients::check(workspace),
            Work::Console => console::check(workspace, &console::Asked::IN_CI),
            Work::Conformance => conformance::check(workspace, conformance::Asked::IN_CI),
            Work::EndToEnd => e2e::run(workspace, e2e::Built::Development),
            Work::SamLocal => sam_local::run_where_possible(workspace),
        }
    }

    /// What repeats it.
    pub(crate) fn command(&self) -> String {
        match &self.work {
            Work::Run(step) => step.to_string(),
            Work::BuiltAlone => "cargo xtask alone".to_owned(),
            Work::Specification => "cargo xtask spec".to_owned(),
            Work::Traces => "cargo xtask spec --traces".to_owned(),
            Work::Template => "cargo xtask template".to_owned(),
            Work::Clients => "cargo xtask clients".to_owned(),
            Work::Console => "cargo xtask console".to_owned(),
            Work::Conformance => conformance::Asked::IN_CI.to_string(),
            Work::EndToEnd => "cargo xtask e2e --development".to_owned(),
            Work::SamLocal => "cargo xtask sam-local".to_owned(),
        }
    }
}
