//! Tests of what is said of an item that cannot be read.

use super::*;
use alims_domain::stored_version::StoredVersion;
use alims_testing::builders::a_created;

#[test]
fn why_an_item_cannot_be_read_holds_none_of_its_values() {
    let text = || AttributeValue::S("PLANTED".to_owned());
    let sound = a_created("w").to_item().expect("an item");
    let mut unreadable = 0;
    for name in sound.keys().filter(|name| *name != PK && *name != ENTRY) {
        for planted in [
            text(),
            AttributeValue::S("{\"PLANTED\": tru".to_owned()),
            AttributeValue::S("\"PLANTED\"".to_owned()),
            AttributeValue::L(vec![text()]),
            AttributeValue::M([("member".to_owned(), text())].into_iter().collect()),
        ] {
            let mut item = sound.clone();
            item.insert(name.clone(), planted);
            let refused: StoreError = match StoredVersion::from_item(item.clone()) {
                Ok(_) => continue,
                Err(error) => error.into(),
            };
            let Ok(Kept::Unreadable { why, .. }) = StoredVersion::kept(item) else { continue };
            unreadable += 1;
            let said = why + &alims_operations::errors::with_causes(&refused);
            assert!(!said.contains("PLANTED"), "{name}: {said}");
        }
    }
    assert!(unreadable > 50, "{unreadable} items: this test would see nothing");
}
