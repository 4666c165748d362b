//! The figures of `docs/cost.md`.

use std::fmt::Write as _;
use std::fs;

use anyhow::Context as _;

use crate::cost::facts::Facts;
use crate::cost::model::{Choice, bill, log_bytes, total, write_units};
use crate::workspace::Workspace;

/// The page.
pub(crate) const PAGE: &str = "docs/cost.md";
/// What stands before this heading stays as it is.
const FIGURES: &str = "\n## The figures\n";
const GB: f64 = 1e9;

/// The page, its figures made anew.
///
/// # Errors
/// When it is missing, has no figures, or a price or a quantity is missing.
pub(crate) fn text(workspace: &Workspace, facts: &Facts) -> anyhow::Result<String> {
    let text = fs::read_to_string(workspace.root.join(PAGE)).with_context(|| format!("{PAGE} is missing"))?;
    let (before, _) = text.split_once(FIGURES).with_context(|| format!("{PAGE} has no figures"))?;
    let mut page =
        format!("{before}{FIGURES}\nUS dollars a month; `cargo xtask cost` writes everything from here on.\n");
    first_month(facts, &mut page)?;
    growth(facts, &mut page)?;
    choices(facts, &mut page)?;
    metadata(facts, &mut page)?;
    sources(facts, &mut page)?;
    Ok(page)
}

/// Dollars, in as many digits as are of use.
pub(crate) fn dollars(dollars: f64) -> String {
    let text = if dollars < 10.0 { format!("{dollars:.2}") } else { format!("{dollars:.0}") };
    let (whole, cents) = text.split_once('.').map_or((text.as_str(), String::new()), |(w, c)| (w, format!(".{c}")));
    let digits: Vec<char> = whole.chars().collect();
    let groups: Vec<String> = digits.rchunks(3).rev().map(|group| group.iter().collect()).collect();
    format!("${}{cents}", groups.join(","))
}

fn first_month(facts: &Facts, page: &mut String) -> anyhow::Result<()> {
    let (one, hundred) = (bill(facts, &Choice::defaults(1.0))?, bill(facts, &Choice::defaults(100.0))?);
    page.push_str("\n### The first month, with the template's defaults\n\n| part | 1 transition/s | 100 transitions/s |\n|---|---:|---:|\n");
    for (one, hundred) in one.iter().zip(&hundred).filter(|(_, hundred)| hundred.dollars > 0.0) {
        writeln!(page, "| {} | {} | {} |", one.what, dollars(one.dollars), dollars(hundred.dollars))?;
    }
    writeln!(page, "| **together** | **{}** | **{}** |", dollars(total(&one)), dollars(total(&hundred)))?;
    let counted = &facts.counted;
    writeln!(
        page,
        "\nCounted in the template: {} metrics of alarms, {} dashboards, {} keys, {} secrets, {} routes. Counted in \
         `shared/operations/src/metrics.rs`: {} metrics without labels, and {} labels of the others.",
        counted.alarm_metrics,
        counted.dashboards,
        counted.keys,
        counted.secrets,
        counted.routes,
        counted.plain_metrics,
        counted.labels
    )?;
    Ok(())
}

fn growth(facts: &Facts, page: &mut String) -> anyhow::Result<()> {
    page.push_str("\n### Growth of the log\n\nThe log keeps every version, so its storage, recovery and backups grow for ever.\n\n");
    page.push_str("| after | log at 1/s | part of the bill | in infrequent access | log at 100/s | part of the bill | in infrequent access |\n");
    page.push_str("|---|---:|---:|---:|---:|---:|---:|\n");
    for months in [1.0, 12.0, 36.0, 120.0] {
        let mut row = format!("| {months} {} |", if months > 1.0 { "months" } else { "month" });
        for rate in [1.0, 100.0] {
            let choice = Choice { months, ..Choice::defaults(rate) };
            let part = |choice: &Choice| -> anyhow::Result<f64> {
                let kept = bill(facts, choice)?.into_iter();
                let ids = ["table_storage", "point_in_time_recovery", "backups"];
                Ok(kept.filter(|part| ids.contains(&part.id)).map(|part| part.dollars).sum())
            };
            let gb = log_bytes(facts, &choice)? / GB;
            let infrequent = part(&Choice { infrequent_access: true, ..choice })?;
            write!(row, " {gb:.0} GB | {} | {} |", dollars(part(&choice)?), dollars(infrequent))?;
        }
        writeln!(page, "{row}")?;
    }
    let classes = |infrequent_access| -> anyhow::Result<(f64, f64)> {
        let parts = bill(facts, &Choice { infrequent_access, ..Choice::defaults(1.0) })?;
        let of = |id: &str| parts.iter().filter(|part| part.id == id).map(|part| part.dollars).sum::<f64>();
        Ok((of("table_requests"), of("table_storage")))
    };
    let ((requests, storage), (requests_infrequent, storage_infrequent)) = (classes(false)?, classes(true)?);
    let months = (requests_infrequent - requests) / (storage - storage_infrequent);
    writeln!(
        page,
        "\nAt a rate that stays the same, STANDARD_INFREQUENT_ACCESS lowers the bill from month {:.0} on: from then on it \
         saves more on storage than it adds to requests.",
        months.ceil()
    )?;
    Ok(())
}

fn choices(facts: &Facts, page: &mut String) -> anyhow::Result<()> {
    page.push_str(
        "\n### What each choice costs or saves\n\n| choice | 1 transition/s | 100 transitions/s |\n|---|---:|---:|\n",
    );
    type Change = fn(Choice) -> Choice;
    let changes: [(&str, Change); 8] = [
        ("`LogLevel=WARN` instead of INFO", |choice| Choice { quiet_logs: true, ..choice }),
        ("`EventArchiveDays=0`", |choice| Choice { archive: false, ..choice }),
        ("`Backup=off`", |choice| Choice { backups: false, ..choice }),
        ("no detailed metrics of the API's routes", |choice| Choice { detailed_metrics: false, ..choice }),
        ("`LogTableClass=STANDARD_INFREQUENT_ACCESS`", |choice| Choice { infrequent_access: true, ..choice }),
        ("`SampleSubscriber=on`, and no reader", |choice| Choice { sample_subscriber: true, ..choice }),
        ("traces of 5 % of the requests", |choice| Choice { traces: true, ..choice }),
        ("CloudTrail's data events of writes to the log", |choice| Choice { data_events: true, ..choice }),
    ];
    for (what, change) in changes {
        let mut row = format!("| {what} |");
        for rate in [1.0, 100.0] {
            let before = Choice { months: 12.0, ..Choice::defaults(rate) };
            let more = total(&bill(facts, &change(before))?) - total(&bill(facts, &before)?);
            write!(row, " {}{} |", if more < 0.0 { "−" } else { "+" }, dollars(more.abs()))?;
        }
        writeln!(page, "{row}")?;
    }
    page.push_str("\nIn the twelfth month.\n");
    Ok(())
}

fn metadata(facts: &Facts, page: &mut String) -> anyhow::Result<()> {
    page.push_str(
        "\n### Large metadata\n\nEvery version repeats all metadata of its workflow, and so does every event.\n\n",
    );
    page.push_str("| metadata | write units of a version | first month at 1/s | first month at 100/s | log after a year at 1/s |\n|---|---:|---:|---:|---:|\n");
    for (name, more_metadata_bytes) in [("a few hundred bytes", 0.0), ("4 KB", 4096.0), ("64 KB", 65_536.0)] {
        let choice = |rate, months| Choice { more_metadata_bytes, months, ..Choice::defaults(rate) };
        let one = total(&bill(facts, &choice(1.0, 1.0))?);
        let hundred = total(&bill(facts, &choice(100.0, 1.0))?);
        let year = log_bytes(facts, &choice(1.0, 12.0))? / GB;
        let units = write_units(facts, &choice(1.0, 1.0))?;
        writeln!(page, "| {name} | {units} | {} | {} | {year:.0} GB |", dollars(one), dollars(hundred))?;
    }
    Ok(())
}

fn sources(facts: &Facts, page: &mut String) -> anyhow::Result<()> {
    page.push_str("\n### Prices\n\n| price | US dollars | for each | AWS's page | seen in |\n|---|---:|---|---|---|\n");
    for (name, price) in &facts.table.prices {
        writeln!(page, "| `{name}` | {} | {} | {} | {} |", price.usd, price.per, price.page, price.seen)?;
    }
    page.push_str("\n### Quantities\n\n| quantity | value | from |\n|---|---:|---|\n");
    for (name, quantity) in &facts.table.quantities {
        writeln!(page, "| `{name}` | {} | {} |", quantity.value, quantity.from)?;
    }
    Ok(())
}
