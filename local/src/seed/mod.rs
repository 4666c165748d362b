//! `cargo local seed`: fills a laptop's service with a believable laboratory, through the API as people do. The server may
//! be running on the data folder; if none is, the command starts one for the time that it needs.

#![allow(clippy::indexing_slicing, reason = "what is indexed is JSON, which gives null where there is nothing")]

mod place;
mod plan;

use alims_operations::ports::Clock as _;
use alims_runtime::SystemClock;
use anyhow::{Context as _, Result, ensure};
use aws_sdk_dynamodb::types::AttributeValue;
use clap::Args;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::PathBuf;

use crate::database::LOG_TABLE;
use crate::person::{LOOK_EVERY, PATIENCE, Person};
use crate::seed::place::Place;
use crate::seed::plan::{ALTERED, Kind, Sample, forgotten, plan};

/// How many samples are worked on at the same time. The embedded database takes one request after another.
const AT_ONCE: usize = 4;
/// More would take hours on the embedded database.
const WORKFLOWS_MAX: u64 = 100_000;

#[derive(Debug, Args)]
pub(crate) struct SeedArgs {
    /// How many workflows to make.
    #[arg(long, default_value_t = 200, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..=WORKFLOWS_MAX))]
    workflows: u64,
    /// Data folder of the server [default: .local in the repository; without it .local in the current folder].
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

/// What was made.
#[derive(Debug, Default)]
struct Made {
    created: u64,
    /// How many of them end in each state.
    ends_in: BTreeMap<&'static str, u64>,
    there_already: u64,
    refused: u64,
}

/// Makes the laboratory. Repeated, it makes what is missing and changes nothing else.
pub(crate) async fn seed(args: SeedArgs, data: PathBuf) -> Result<()> {
    let place = Place::find(&data).await?;
    let people = People::of(&place)?;
    let samples = usize::try_from(args.workflows)?;
    let (mut made, total) = (Made::default(), samples);
    let work = stream::iter(plan(samples, SystemClock.now())).map(|sample| people.work_on(sample));
    let mut done = work.buffer_unordered(AT_ONCE);
    let mut count = 0_usize;
    while let Some(one) = done.try_next().await? {
        count += 1;
        made.created += one.created;
        for (state, count) in one.ends_in {
            *made.ends_in.entry(state).or_default() += count;
        }
        made.there_already += one.there_already;
        made.refused += one.refused;
        if count.is_multiple_of(25) || count == total {
            let _ = writeln!(io::stderr(), "  {count} of {total} workflows");
        }
    }
    drop(done);
    if made.created > 0 {
        for body in forgotten(samples) {
            people.of_name("alice")?.post("/workflows", &body).await?.refused(422, "rule-violation")?;
            made.refused += 1;
        }
    }
    let quarantined = if samples >= ALTERED { Some(quarantine(&place, &people).await?) } else { None };
    let counts = counted(people.of_name("carol")?, &made).await?;
    report(&args, &made, quarantined.as_deref(), &counts)?;
    place.leave().await;
    Ok(())
}

/// The counts, once the lists have all that was made: they follow the log.
async fn counted(person: &Person, made: &Made) -> Result<Value> {
    let counting = async {
        loop {
            let counts = person.get("/counts").await?.done()?;
            let has = |(state, count): (&&str, &u64)| counts["counts"][*state].as_u64() >= Some(*count);
            if made.ends_in.iter().all(has) {
                return anyhow::Ok(counts);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(PATIENCE, counting).await.context("the lists do not come to have what was made")?
}

fn report(args: &SeedArgs, made: &Made, quarantined: Option<&str>, counts: &Value) -> Result<()> {
    let mut out = io::stdout();
    if args.json {
        let told = json!({
            "created": made.created,
            "there_already": made.there_already,
            "refused": made.refused,
            "quarantined": quarantined,
            "counts": counts,
        });
        writeln!(out, "{told:#}")?;
        return Ok(());
    }
    writeln!(
        out,
        "{} workflows made, {} were there already; {} requests refused",
        made.created, made.there_already, made.refused
    )?;
    if let Some(quarantined) = quarantined {
        writeln!(out, "{quarantined} is quarantined: its stored history was altered")?;
    }
    Ok(())
}

/// Each person's name and role.
const ROLES: [(&str, &str); 5] =
    [("alice", "analyst"), ("dana", "analyst"), ("emil", "analyst"), ("bob", "supervisor"), ("carol", "auditor")];

/// The people of the laboratory.
struct People<'a> {
    place: &'a Place,
    persons: BTreeMap<&'static str, Person>,
}

impl<'a> People<'a> {
    fn of(place: &'a Place) -> Result<Self> {
        let persons = ROLES.into_iter().map(|(name, role)| Ok((name, place.person(name, &[role])?)));
        Ok(Self { place, persons: persons.collect::<Result<_>>()? })
    }

    fn of_name(&self, name: &str) -> Result<&Person> {
        self.persons.get(name).with_context(|| format!("{name} does not work here"))
    }

    /// The person who has just signed in: a seed takes longer than a sign-in is fresh enough for a signature.
    fn just_signed_in(&self, name: &str) -> Result<Person> {
        let role = ROLES.into_iter().find(|(known, _)| *known == name);
        let (_, role) = role.with_context(|| format!("{name} does not work here"))?;
        self.place.person(name, &[role])
    }

    /// Plays the story of one sample. Each request has a key, so a repetition has no further effect.
    async fn work_on(&self, sample: Sample) -> Result<Made> {
        let Sample { workflow_id, created_by, creation, steps, ends_in } = sample;
        let key = |what: &str| format!("seed-{workflow_id}-{what}");
        let creator = self.of_name(created_by)?;
        let answer = creator.once(&key("create"), Method::POST, "/workflows", &creation).await?;
        let fresh = match answer.status.as_u16() {
            201 => true,
            200 => false,
            // An earlier seed said another due date, or this is the one whose history it altered.
            422 if answer.body["code"] == "idempotency-key-reused" => false,
            423 => false,
            _ => answer.done().map(|_| true)?,
        };
        let ends_in = fresh.then_some((ends_in, 1)).into_iter().collect();
        let mut made = Made { created: u64::from(fresh), ends_in, there_already: u64::from(!fresh), refused: 0 };
        for (number, step) in steps.into_iter().enumerate() {
            let (method, path) = match step.kind {
                Kind::Move => (Method::POST, format!("/workflows/{workflow_id}/transitions")),
                Kind::Amend => (Method::PATCH, format!("/workflows/{workflow_id}")),
                Kind::Sign => (Method::POST, format!("/workflows/{workflow_id}/signatures")),
            };
            let person = match step.kind {
                Kind::Sign => self.just_signed_in(step.by)?,
                Kind::Move | Kind::Amend => self.of_name(step.by)?.clone(),
            };
            if let Some(code) = step.refused {
                if fresh {
                    person.once(&key(&number.to_string()), method, &path, &step.body).await?.refused(422, code)?;
                    made.refused += 1;
                }
                continue;
            }
            let answer = person.once(&key(&number.to_string()), method, &path, &step.body).await?;
            // What was there already may have gone another way since.
            if fresh || answer.status.is_server_error() {
                answer.done().with_context(|| format!("step {} of {workflow_id}", number + 1))?;
            }
        }
        Ok(made)
    }
}

/// Alters a stored version behind the service's back, and waits until the service has noticed.
async fn quarantine(place: &Place, people: &People<'_>) -> Result<String> {
    let (id, bob) = (plan::id_of_altered(), people.of_name("bob")?);
    let path = format!("/workflows/{id}");
    if !is_quarantined(bob, &path).await? {
        let key = |text: &str| AttributeValue::S(text.to_owned());
        let altered = place
            .database()
            .update_item()
            .table_name(LOG_TABLE)
            .key("pk", key(&format!("default#{id}")))
            .key("entry", key("v#0000000001"))
            .update_expression("SET metadata = :other")
            .expression_attribute_values(":other", key(r#"{"sample_id":"S-9999-9999"}"#))
            .send()
            .await;
        altered.context("the stored version could not be altered")?;
    }
    let noticed = async {
        while !is_quarantined(bob, &path).await? {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(PATIENCE, noticed).await.context("the altered history is not noticed")??;
    Ok(id)
}

async fn is_quarantined(person: &Person, path: &str) -> Result<bool> {
    let state = person.get(path).await?.done()?;
    ensure!(state["version"].is_u64(), "no state: {state}");
    Ok(state["quarantines"].as_array().is_some_and(|quarantines| !quarantines.is_empty()))
}
