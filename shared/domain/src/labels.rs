//! Labels: short texts on a workflow by which people find it, such as the number of its sample.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::identifiers::{LabelName, LabelValue};
use crate::invalid::InvalidValue;
use crate::limits::LABELS_MAX;

/// The labels of a workflow: at most [`LABELS_MAX`] names, each with one value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<LabelName, LabelValue>", into = "BTreeMap<LabelName, LabelValue>")]
pub struct Labels(BTreeMap<LabelName, LabelValue>);

impl Labels {
    /// Checks the number of labels.
    ///
    /// # Errors
    /// When there are more than [`LABELS_MAX`].
    pub fn new(labels: BTreeMap<LabelName, LabelValue>) -> Result<Self, InvalidValue> {
        if labels.len() > LABELS_MAX {
            return Err(InvalidValue::new(format!(
                "would be more than the {LABELS_MAX} labels that a workflow may have"
            )));
        }
        Ok(Self(labels))
    }

    /// Each name with its value, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&LabelName, &LabelValue)> {
        self.0.iter()
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &LabelName) -> Option<&LabelValue> {
        self.0.get(name)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them is this name with this value.
    #[must_use]
    pub fn has(&self, name: &LabelName, value: &LabelValue) -> bool {
        self.get(name) == Some(value)
    }

    /// Those that the other labels have too, with the same value.
    #[must_use]
    pub fn shared_with(&self, other: &Self) -> Self {
        let both = self.iter().filter(|(name, value)| other.has(name, value));
        Self(both.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// Those that the other labels do not have, or have with another value.
    pub fn not_in<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (&'a LabelName, &'a LabelValue)> {
        self.iter().filter(|(name, value)| !other.has(name, value))
    }

    /// Applies a patch: a value replaces or adds a label, and none removes it.
    ///
    /// # Errors
    /// When the result has more than [`LABELS_MAX`] labels.
    pub fn patched(&self, patch: &BTreeMap<LabelName, Option<LabelValue>>) -> Result<Self, InvalidValue> {
        let mut labels = self.0.clone();
        for (name, value) in patch {
            match value {
                Some(value) => labels.insert(name.clone(), value.clone()),
                None => labels.remove(name),
            };
        }
        Self::new(labels)
    }
}

impl TryFrom<BTreeMap<LabelName, LabelValue>> for Labels {
    type Error = InvalidValue;

    fn try_from(labels: BTreeMap<LabelName, LabelValue>) -> Result<Self, InvalidValue> {
        Self::new(labels)
    }
}

impl From<Labels> for BTreeMap<LabelName, LabelValue> {
    fn from(labels: Labels) -> Self {
        labels.0
    }
}

#[cfg(feature = "schema")]
mod schema {
    use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, SchemaType, Type};
    use utoipa::openapi::{Ref, RefOr, Schema};
    use utoipa::{PartialSchema, ToSchema};

    use super::Labels;
    use crate::identifiers::LabelValue;
    use crate::limits::LABELS_MAX;

    impl PartialSchema for Labels {
        fn schema() -> RefOr<Schema> {
            let value = Ref::from_schema_name(LabelValue::name());
            let name = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[a-z0-9._-]{1,32}$"));
            ObjectBuilder::new()
                .schema_type(SchemaType::Type(Type::Object))
                .description(Some(format!(
                    "Short texts by which a workflow is found: at most {LABELS_MAX}, each name with one value."
                )))
                .additional_properties(Some(AdditionalProperties::RefOr(RefOr::Ref(value))))
                .max_properties(Some(LABELS_MAX))
                .property_names(Some(Schema::from(name.build())))
                .into()
        }
    }

    impl ToSchema for Labels {
        fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
            schemas.push((LabelValue::name().into_owned(), LabelValue::schema()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(of: &[(&str, &str)]) -> BTreeMap<LabelName, LabelValue> {
        of.iter().filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?))).collect()
    }

    #[test]
    fn a_patch_adds_replaces_and_removes() {
        let before = Labels(labels(&[("sample", "S-1"), ("rack", "7")]));
        let patch = BTreeMap::from([
            ("sample".parse().unwrap(), Some("S-2".parse().unwrap())),
            ("rack".parse().unwrap(), None),
            ("batch".parse().unwrap(), Some("B".parse().unwrap())),
        ]);
        assert_eq!(before.patched(&patch), Ok(Labels(labels(&[("sample", "S-2"), ("batch", "B")]))));
    }

    #[test]
    fn labels_are_shared_only_with_the_same_value() {
        let these = Labels(labels(&[("sample", "S-1"), ("rack", "7"), ("batch", "B")]));
        let others = Labels(labels(&[("sample", "S-1"), ("rack", "8")]));
        assert_eq!(these.shared_with(&others), Labels(labels(&[("sample", "S-1")])));
        let left: Vec<_> = these.not_in(&others).map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(left, [("batch", "B"), ("rack", "7")]);
    }

    #[test]
    fn a_workflow_has_at_most_ten_labels() {
        let many =
            |count: usize| (0..count).map(|n| (format!("l{n}").parse().unwrap(), "x".parse().unwrap())).collect();
        assert!(Labels::new(many(LABELS_MAX)).is_ok());
        assert!(Labels::new(many(LABELS_MAX + 1)).is_err());
        let full = Labels(many(LABELS_MAX));
        assert!(full.patched(&BTreeMap::from([("other".parse().unwrap(), Some("x".parse().unwrap()))])).is_err());
    }
}
