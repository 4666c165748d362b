//! Merge patches: a JSON array of metadata and a patch of it.
#![no_main]

use alims_domain::json::Metadata;
use alims_domain::limits::METADATA_BYTES_MAX;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

fuzz_target!(|bytes: &[u8]| {
    let Ok((before, patch)) = serde_json::from_slice::<(Map<String, Value>, Map<String, Value>)>(bytes) else { return };
    let Ok(before) = Metadata::new(before) else { return };
    let Ok(after) = before.patched(&patch) else { return };
    let size = serde_json::to_vec(&after).map_or(usize::MAX, |json| json.len());
    assert!(size <= METADATA_BYTES_MAX, "{size} bytes");
    // The same patch once more changes nothing.
    assert_eq!(after.patched(&patch).ok(), Some(after));
});
