//! A schema for each problem: the members that its code brings along are there, and those of other codes are not.

use alims_domain::schema::never_null_but_absent;
use utoipa::PartialSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Discriminator, ObjectBuilder, OneOfBuilder, Ref, Schema, Type};

use crate::problem::{ProblemCode, ProblemDocument};

/// The members of every problem.
const OF_ALL: [&str; 6] = ["type", "title", "status", "detail", "code", "request_id"];

/// The members that a code adds: those that are always there, and those that may be.
const fn members(code: ProblemCode) -> (&'static [&'static str], &'static [&'static str]) {
    match code {
        ProblemCode::MalformedRequest | ProblemCode::UnsupportedMediaType => (&["errors"], &[]),
        ProblemCode::InvalidTransition => (&["current_state", "version", "allowed_transitions"], &[]),
        ProblemCode::WorkflowClosed
        | ProblemCode::AlreadySigned
        | ProblemCode::TooManySignatures
        | ProblemCode::VersionConflict => (&["current_state", "version"], &[]),
        ProblemCode::ReplacedWorkflowNotClosed => (&["current_state"], &[]),
        ProblemCode::PayloadTooLarge => (&["limit_bytes"], &["errors"]),
        ProblemCode::WorkflowQuarantined => (&["broken_at_version"], &[]),
        ProblemCode::RuleViolation => (&["reasons", "ruleset", "ruleset_version"], &[]),
        ProblemCode::StorageUnavailable => (&[], &["next_version"]),
        ProblemCode::Unauthenticated
        | ProblemCode::InsufficientUserAuthentication
        | ProblemCode::Forbidden
        | ProblemCode::WorkflowNotFound
        | ProblemCode::ExportNotFound
        | ProblemCode::NothingToExport
        | ProblemCode::WorkflowAlreadyExists
        | ProblemCode::ReplacedWorkflowNotFound
        | ProblemCode::WorkflowNotQuarantined
        | ProblemCode::IdempotencyKeyReused
        | ProblemCode::TooManyRefusals
        | ProblemCode::RulesEngineUnavailable
        | ProblemCode::WrittenByNewerRelease
        | ProblemCode::OutOfTime
        | ProblemCode::NotReached
        | ProblemCode::Internal => (&[], &[]),
    }
}

/// The name of a code's schema: `VersionConflictProblem`.
#[must_use]
pub fn name(code: ProblemCode) -> String {
    let capitalised = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
    };
    let words: String = code.as_str().split('-').map(capitalised).collect();
    words + "Problem"
}

/// The schema of one problem, narrowed from that of all.
pub(crate) fn schema(code: ProblemCode) -> RefOr<Schema> {
    let mut all = ProblemDocument::schema();
    never_null_but_absent(&mut all);
    let RefOr::T(Schema::Object(mut problem)) = all else { return all };
    let (always, sometimes) = members(code);
    problem.properties.retain(|name, _| [&OF_ALL[..], always, sometimes].concat().contains(&name.as_str()));
    let told = "The kind of problem, for programs.";
    let only = ObjectBuilder::new().schema_type(Type::String).description(Some(told));
    problem.properties.insert("code".to_owned(), only.enum_values(Some([code.as_str()])).into());
    problem.required = [&OF_ALL[..], always].concat().into_iter().map(str::to_owned).collect();
    problem.description = Some(format!("{} (RFC 9457).", code.title()));
    RefOr::T(Schema::Object(problem))
}

/// What an answer with one of these codes carries.
#[must_use]
pub fn one_of(codes: &[ProblemCode]) -> RefOr<Schema> {
    let reference = |code: &ProblemCode| Ref::from_schema_name(name(*code));
    if let [only] = codes {
        return reference(only).into();
    }
    let mapping = codes.iter().map(|code| (code.as_str(), reference(code).ref_location));
    let either = codes.iter().fold(OneOfBuilder::new(), |either, code| either.item(reference(code)));
    either.discriminator(Some(Discriminator::with_mapping("code", mapping))).into()
}
