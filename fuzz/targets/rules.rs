//! A file of rules.
#![no_main]

use alims_rules::EmbeddedRules;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = EmbeddedRules::from_documents([("fuzzed.yaml".to_owned(), text.to_owned())]);
});
