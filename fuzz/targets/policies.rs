//! A file of policies, beside the shipped schema.
#![no_main]

use alims_policy::CedarPolicy;
use libfuzzer_sys::fuzz_target;

const SCHEMA: &str = include_str!("../../policies/schema.cedarschema");

fuzz_target!(|text: &str| {
    let _ = CedarPolicy::from_text(SCHEMA, [("fuzzed.cedar".to_owned(), text.to_owned())]);
});
