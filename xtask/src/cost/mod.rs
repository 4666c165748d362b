//! `cargo xtask cost`: what the service costs a month, from stated prices and measured quantities. Without arguments it
//! writes the figures of `docs/cost.md`; a test fails while the page differs.

mod facts;
mod model;
mod page;

use std::fs;

use serde_json::{Value, json};

use crate::step::say;
use crate::workspace::Workspace;
use facts::Facts;
use model::{Choice, bill, log_bytes, total};

/// The highest rate that is counted: far above what the service's limits allow.
const RATE_MAX: f64 = 100_000.0;
/// What a workflow's metadata may have at most (`shared/domain/src/limits.rs`).
const METADATA_BYTES_MAX: f64 = 65_536.0;
/// Fifty years.
const MONTHS_MAX: f64 = 600.0;

/// What is asked.
#[derive(Debug, clap::Args)]
pub(crate) struct Asked {
    /// Print the bill for so many transitions a second, on average over the month, instead of writing the page.
    #[arg(long, value_name = "N", value_parser = rate, allow_negative_numbers = true)]
    transitions_per_second: Option<f64>,
    /// Metadata that each workflow has beyond a few hundred bytes.
    #[arg(long, value_name = "BYTES", value_parser = metadata, default_value = "0", allow_negative_numbers = true)]
    metadata_bytes: f64,
    /// How many months the service has run at this rate.
    #[arg(long, value_name = "N", value_parser = months, default_value = "1", allow_negative_numbers = true)]
    months: f64,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    bounded(text, f64::MIN_POSITIVE, RATE_MAX).ok_or_else(|| format!("must be above 0 and at most {RATE_MAX}"))
}

fn metadata(text: &str) -> Result<f64, String> {
    bounded(text, 0.0, METADATA_BYTES_MAX).ok_or_else(|| format!("must be 0 to {METADATA_BYTES_MAX}"))
}

fn months(text: &str) -> Result<f64, String> {
    bounded(text, 1.0, MONTHS_MAX).ok_or_else(|| format!("must be 1 to {MONTHS_MAX}"))
}

/// A number within bounds; not a number is in no bounds.
fn bounded(text: &str, least: f64, most: f64) -> Option<f64> {
    text.parse().ok().filter(|number| (least..=most).contains(number))
}

/// Prints the bill, or writes the page.
///
/// # Errors
/// When a source is missing or not as it should be, or the page cannot be written.
pub(crate) fn answer(workspace: &Workspace, asked: &Asked) -> anyhow::Result<()> {
    let facts = Facts::of(workspace)?;
    let choice =
        |rate| Choice { more_metadata_bytes: asked.metadata_bytes, months: asked.months, ..Choice::defaults(rate) };
    match (asked.transitions_per_second, asked.json) {
        (None, false) => {
            fs::write(workspace.root.join(page::PAGE), page::text(workspace, &facts)?)?;
            say(&format!("wrote {}", page::PAGE));
        }
        (None, true) => {
            let bills = [1.0, 100.0].map(|rate| document(&facts, &choice(rate)));
            say(&Value::from(bills.into_iter().collect::<anyhow::Result<Vec<_>>>()?).to_string());
        }
        (Some(rate), true) => say(&document(&facts, &choice(rate))?.to_string()),
        (Some(rate), false) => {
            let parts = bill(&facts, &choice(rate))?;
            for part in parts.iter().filter(|part| part.dollars > 0.0) {
                say(&format!("{:>12}  {}", page::dollars(part.dollars), part.what));
            }
            say(&format!(
                "{:>12}  together, US dollars a month at list prices of us-east-1",
                page::dollars(total(&parts))
            ));
        }
    }
    Ok(())
}

fn document(facts: &Facts, choice: &Choice) -> anyhow::Result<Value> {
    let parts = bill(facts, choice)?;
    Ok(json!({
        "transitions_per_second": choice.transitions_per_second,
        "months": choice.months,
        "metadata_bytes": choice.more_metadata_bytes,
        "log_bytes": log_bytes(facts, choice)?,
        "dollars_per_month": total(&parts),
        "parts": parts.iter().map(|part| json!({"id": part.id, "what": part.what, "dollars": part.dollars})).collect::<Vec<_>>(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_costs_is_what_prices_quantities_and_template_make() {
        let workspace = Workspace::read().unwrap();
        let text = page::text(&workspace, &Facts::of(&workspace).unwrap()).unwrap();
        let committed = fs::read_to_string(workspace.root.join(page::PAGE)).unwrap();
        assert!(committed == text, "{} is stale: run `cargo xtask cost` and commit what it writes", page::PAGE);
    }

    #[test]
    fn a_rate_that_is_none_is_refused() {
        for wrong in ["0", "-1", "-0", "NaN", "inf", "-inf", "1e9", "", "one", "1,5"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
        for right in ["0.001", "1", "100", "100000"] {
            assert!(rate(right).is_ok(), "{right}");
        }
        assert!(metadata("65537").is_err() && metadata("-1").is_err() && months("0").is_err());
    }

    #[test]
    fn every_part_grows_with_the_rate_or_stays_and_no_part_is_negative() {
        let facts = Facts::of(&Workspace::read().unwrap()).unwrap();
        let [low, high] = [0.001, 1000.0].map(|rate| bill(&facts, &Choice::defaults(rate)).unwrap());
        for (low, high) in low.iter().zip(&high) {
            assert!(low.dollars >= 0.0 && high.dollars >= low.dollars, "{low:?} {high:?}");
        }
    }

    #[test]
    fn a_choice_that_is_to_save_money_saves_it() {
        let facts = Facts::of(&Workspace::read().unwrap()).unwrap();
        let all = Choice { sample_subscriber: true, traces: true, data_events: true, ..Choice::defaults(100.0) };
        let of = |choice: Choice| total(&bill(&facts, &choice).unwrap());
        for less in [
            Choice { quiet_logs: true, ..all },
            Choice { archive: false, ..all },
            Choice { sample_subscriber: false, ..all },
            Choice { detailed_metrics: false, ..all },
            Choice { traces: false, ..all },
            Choice { data_events: false, ..all },
            Choice { backups: false, ..all },
        ] {
            assert!(of(less) < of(all), "{less:?}");
        }
        let old = Choice { months: 36.0, ..all };
        assert!(of(Choice { infrequent_access: true, ..old }) < of(old));
        assert!(of(Choice { infrequent_access: true, ..all }) > of(all), "a small table costs more in that class");
    }
}
