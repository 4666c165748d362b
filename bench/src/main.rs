//! Measurements: of the whole service over HTTP, on the embedded database of the laptop server, and of the publisher
//! alone, and what policies and rules cost a move.
//!
//! What is measured over HTTP is measured against a server of its own, started for the run and stopped after it.
//! Nothing is asserted but that the service worked: figures are to be read, and compared within one run only.

#![allow(
    clippy::indexing_slicing,
    reason = "indexing a JSON value that lacks the member gives null, it does not panic"
)]

mod elsewhere;
mod export;
mod judging;
mod lists;
mod load;
mod publishing;
mod put_events;
mod recovery;
mod server;
mod single;
mod start;
mod statistics;
mod traces;

use anyhow::Result;
use clap::{Parser, Subcommand};
use serde::Serialize;
use std::fmt::Display;
use std::path::PathBuf;

/// Measures the service. The server's binary must lie beside this one; `cargo xtask bench` sees to it.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    /// What else there is to be measured; everything but that when none is named.
    #[command(subcommand)]
    part: Option<Part>,
    /// Workflows that are worked on at once.
    #[arg(long, default_value_t = 1000)]
    workflows: usize,
    /// Clients that work on them.
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Requests of each kind, one after another, for the cost of a single one.
    #[arg(long, default_value_t = 300)]
    single: usize,
    /// Events that are published, all workflows' together.
    #[arg(long, default_value_t = 100_000)]
    events: usize,
    /// Prints the figures as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Part {
    /// What an export takes: time and memory of the server, and the time of the program that checks the archive. It needs
    /// python3 and openssl.
    Export {
        /// Entries of the log.
        #[arg(long, default_value_t = 10_000)]
        entries: usize,
        /// Writes the table into this page, such as docs/exports.md.
        #[arg(long, value_name = "FILE")]
        page: Option<PathBuf>,
        /// Prints the figures as JSON.
        #[arg(long)]
        json: bool,
    },
    /// What policies and rules cost a move: in process, on a log in memory.
    Judging {
        /// Moves of each kind.
        #[arg(long, default_value_t = 5000)]
        moves: usize,
        /// Prints the figures as JSON.
        #[arg(long)]
        json: bool,
    },
    /// What a page of a list costs while the number of workflows grows: calls and consumed units.
    Lists {
        /// Numbers of workflows, one after another. A million, `--workflows 1000000`, takes some gigabytes of memory.
        #[arg(long, value_delimiter = ',', default_values_t = [1000, 10_000, 100_000])]
        workflows: Vec<usize>,
        /// Writes the table into this page, such as docs/limits.md.
        #[arg(long, value_name = "FILE")]
        page: Option<PathBuf>,
        /// Prints the figures as JSON.
        #[arg(long)]
        json: bool,
    },
    /// How long failed workflows take to be back at work while the rules engine is down at first.
    Recovery {
        /// Workflows that have failed.
        #[arg(long, default_value_t = 200)]
        workflows: usize,
        /// How long the rules engine is down.
        #[arg(long, default_value_t = 10)]
        outage_seconds: u64,
        /// Prints the figures as JSON.
        #[arg(long)]
        json: bool,
    },
    /// How quickly a function starts, and what processor time and memory its requests take.
    Start {
        /// The binary of request-state-transition; without it the one that is built beside this program.
        #[arg(long, value_name = "FILE")]
        function: Option<PathBuf>,
        /// Starts of the process.
        #[arg(long, default_value_t = 30)]
        starts: usize,
        /// Transitions, one after another.
        #[arg(long, default_value_t = 1000)]
        moves: usize,
        /// Prints the figures as JSON.
        #[arg(long)]
        json: bool,
    },
    /// What traces cost a request: its spans and log lines, with traces off and on.
    Traces {
        /// Requests of each kind.
        #[arg(long, default_value_t = 20_000)]
        requests: usize,
        /// Does the requests in this process: set by the measurement itself.
        #[arg(long, hide = true)]
        sampled: Option<String>,
        /// Prints the figures as JSON.
        #[arg(long)]
        json: bool,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    match arguments.part {
        None => {}
        Some(Part::Traces { requests, sampled: Some(sampled), .. }) => return traces::measured(requests, &sampled),
        Some(Part::Traces { requests, sampled: None, json }) => return report_one(&traces::measure(requests)?, json),
        Some(Part::Judging { moves, json }) => return report_one(&judging::measure(moves).await?, json),
        Some(Part::Export { entries, page, json }) => {
            let figures = export::measure(entries).await?;
            page.map_or(Ok(()), |page| figures.write(&page))?;
            return report_one(&figures, json);
        }
        Some(Part::Lists { workflows, page, json }) => {
            let figures = lists::measure(&workflows).await?;
            page.map_or(Ok(()), |page| figures.write(&page))?;
            return report_one(&figures, json);
        }
        Some(Part::Recovery { workflows, outage_seconds, json }) => {
            return report_one(&recovery::measure(workflows, outage_seconds).await?, json);
        }
        Some(Part::Start { function, starts, moves, json }) => {
            return report_one(&start::measure(function, starts, moves).await?, json);
        }
    }
    let server = server::Server::start().await?;
    let single = single::measure(&server, arguments.single).await?;
    server.stop().await?;
    let elsewhere = elsewhere::measure(arguments.single).await?;
    let server = server::Server::start().await?;
    let load = load::measure(&server, arguments.workflows, arguments.clients).await?;
    server.stop().await?;
    let publishing = publishing::measure(arguments.workflows, arguments.events).await?;
    report(&single, &elsewhere, &load, &publishing, arguments.json)
}

#[allow(clippy::print_stdout, reason = "printing figures is what this program is for")]
fn report_one<F: Serialize + Display>(figures: &F, json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(figures)?);
    } else {
        println!("{figures}");
    }
    Ok(())
}

#[allow(clippy::print_stdout, reason = "printing figures is what this program is for")]
fn report(
    single: &single::Figures,
    elsewhere: &elsewhere::Figures,
    load: &load::Figures,
    publishing: &publishing::Figures,
    json: bool,
) -> Result<()> {
    if json {
        let figures =
            serde_json::json!({ "single": single, "elsewhere": elsewhere, "load": load, "publishing": publishing });
        println!("{}", serde_json::to_string_pretty(&figures)?);
    } else {
        println!("{single}\n{elsewhere}\n{load}\n{publishing}");
    }
    Ok(())
}
