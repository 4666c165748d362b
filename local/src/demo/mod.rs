//! `cargo local demo`: five scenarios against a server of its own, with a text for people and a check at every step.

#![allow(clippy::indexing_slicing, reason = "what is indexed is JSON, which gives null where there is nothing")]

mod scenarios;
mod stage;
mod teller;

use std::error::Error;
use std::process::ExitCode;

use crate::args::JudgesArgs;
use stage::Stage;
use teller::Teller;

/// Plays the demo. It fails with the names of the scenarios that do not hold.
pub(crate) async fn play(json: bool, judges: JudgesArgs) -> Result<ExitCode, Box<dyn Error + Send + Sync>> {
    let mut tell = Teller::new(json);
    tell.aside("A temporary server on an empty data folder, and three people: alice works on samples and may also");
    tell.aside("supervise, bob supervises, carol audits.");
    let mut stage = Stage::set(judges).await?;
    /// Runs one scenario: `scene!(function, title)`.
    macro_rules! scene {
        ($scenario:ident, $about:literal) => {
            tell.begin(stringify!($scenario), $about);
            let outcome = scenarios::$scenario(&mut stage, &mut tell).await;
            tell.end(outcome.map_err(|error| format!("{error:#}")));
        };
    }
    scene!(lifecycle, "A sample analysis from creation to completion, by two people.");
    scene!(sixteen_at_once, "Sixteen requests change one workflow at the same time.");
    scene!(refused_by_the_rules, "A transition that the laboratory's rules refuse.");
    scene!(signed_by_two, "Results count when two people have signed them.");
    scene!(killed_in_between, "A process is killed between the write and the publication.");
    // A server that no longer ends well is for a scenario to report.
    let _ = stage.end().await;
    Ok(if tell.conclude() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
