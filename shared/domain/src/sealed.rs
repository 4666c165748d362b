//! Entries of the log with their hashes. What is stored beside the versions is stored sealed: there is no other way to
//! make a [`Sealed`] than to compute the hash of what is in it, and no way to change what is in it afterwards.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::ops::Deref;

use crate::hashing::{ChainHash, NotCanonical, canonical_json};

/// The member that holds the hash.
const HASH: &str = "hash";

/// A kind of entry that the log keeps beside the versions. Its JSON is an object without the member `hash`.
pub trait LogEntry: Serialize + DeserializeOwned {}

/// An entry with the SHA-256 of its canonical JSON (RFC 8785). In JSON the hash is the member `hash` beside the members
/// of the entry, so anyone can compute it anew: remove `hash`, make the canonical JSON, hash it.
///
/// One that is read has the hash that it says, or it is not read: an altered entry is an unreadable one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed<T> {
    entry: T,
    hash: ChainHash,
}

/// The hash of an entry.
///
/// # Errors
/// When it has no canonical JSON, which is a bug.
pub fn hash_of<T: LogEntry>(entry: &T) -> Result<ChainHash, NotCanonical> {
    Ok(ChainHash::of(canonical_json(entry)?.as_bytes()))
}

/// An entry as it is shown: with its hash. Only an entry whose hash fits is read, so it is the stored one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown<T>(pub T);

/// The same of a borrowed entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShownRef<'a, T>(pub &'a T);

impl<T: LogEntry> Serialize for ShownRef<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let hash = hash_of(self.0).map_err(serde::ser::Error::custom)?;
        Hashed { entry: self.0, hash: &hash }.serialize(serializer)
    }
}

impl<T: LogEntry> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ShownRef(&self.0).serialize(serializer)
    }
}

impl<T: LogEntry> Sealed<T> {
    /// Seals an entry.
    ///
    /// # Errors
    /// When it has no canonical JSON, which is a bug.
    pub fn new(entry: T) -> Result<Self, NotCanonical> {
        let hash = hash_of(&entry)?;
        Ok(Self { entry, hash })
    }
}

impl<T> Sealed<T> {
    /// The hash.
    pub const fn hash(&self) -> &ChainHash {
        &self.hash
    }

    /// The entry without its hash, such as to make another one of it.
    pub fn into_entry(self) -> T {
        self.entry
    }
}

impl<T> Deref for Sealed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.entry
    }
}

/// The members of the entry, and its hash.
#[derive(Serialize)]
struct Hashed<'a, T> {
    #[serde(flatten)]
    entry: &'a T,
    hash: &'a ChainHash,
}

impl<T: Serialize> Serialize for Sealed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Hashed { entry: &self.entry, hash: &self.hash }.serialize(serializer)
    }
}

impl<'de, T: LogEntry> Deserialize<'de> for Sealed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // By way of a value: a flattened member would let members pass that the entry does not know.
        let mut members = Map::deserialize(deserializer)?;
        let hash = members.remove(HASH).ok_or_else(|| D::Error::missing_field(HASH))?;
        let hash: ChainHash = serde_json::from_value(hash).map_err(D::Error::custom)?;
        let entry = serde_json::from_value(Value::Object(members)).map_err(D::Error::custom)?;
        let sealed = Self::new(entry).map_err(D::Error::custom)?;
        if sealed.hash == hash { Ok(sealed) } else { Err(D::Error::custom("the content does not fit its hash")) }
    }
}

#[cfg(feature = "schema")]
pub(crate) use schema::add_hash;

/// The schema of the entry, with the member `hash`.
#[cfg(feature = "schema")]
mod schema {
    use std::borrow::Cow;
    use utoipa::__dev::ComposeSchema;
    use utoipa::ToSchema;
    use utoipa::openapi::schema::Schema;
    use utoipa::openapi::{Object, Ref, RefOr};

    use super::{HASH, Sealed, Shown};
    use crate::hashing::ChainHash;

    pub(crate) fn add_hash(object: &mut Object) {
        let told = "The SHA-256 of the canonical JSON (RFC 8785) of this entry without this member.";
        let hash = Ref::builder().ref_location_from_schema_name(ChainHash::name()).description(Some(told));
        object.properties.insert(HASH.to_owned(), RefOr::Ref(hash.build()));
        object.required.push(HASH.to_owned());
    }

    // The library's way to give a generic type a schema of its own: the derived one would be a type for each argument.
    impl<T: ToSchema> ComposeSchema for Sealed<T> {
        fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
            let mut schema = T::schema();
            match &mut schema {
                RefOr::T(Schema::Object(object)) => add_hash(object),
                RefOr::T(Schema::AllOf(all)) => {
                    let mut object = Object::new();
                    add_hash(&mut object);
                    all.items.push(object.into());
                }
                RefOr::T(_) | RefOr::Ref(_) => {}
            }
            schema
        }
    }

    impl<T: ToSchema> ComposeSchema for Shown<T> {
        fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
            <Sealed<T> as utoipa::PartialSchema>::schema()
        }
    }

    impl<T: ToSchema> ToSchema for Shown<T> {
        fn name() -> Cow<'static, str> {
            T::name()
        }

        fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
            Sealed::<T>::schemas(schemas);
        }
    }

    impl<T: ToSchema> ToSchema for Sealed<T> {
        fn name() -> Cow<'static, str> {
            T::name()
        }

        fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
            schemas.push((ChainHash::name().into_owned(), <ChainHash as utoipa::PartialSchema>::schema()));
            T::schemas(schemas);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Note {
        text: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        number: Option<u64>,
    }

    impl LogEntry for Note {}

    fn sealed(text: &str, number: Option<u64>) -> Result<Sealed<Note>, NotCanonical> {
        Sealed::new(Note { text: text.to_owned(), number })
    }

    #[test]
    fn the_hash_is_that_of_the_canonical_json_without_it() -> Result<(), NotCanonical> {
        // printf '{"number":7,"text":"a"}' | sha256sum
        let by_hand = "213e66af7da59895ece85df308fd6a5262e9d16a3412b34c5ca8d64cd9a2ca04";
        assert_eq!(serde_json::to_value(sealed("a", Some(7))?)?, json!({"text": "a", "number": 7, "hash": by_hand}));
        Ok(())
    }

    #[test]
    fn an_entry_comes_back_and_one_that_was_altered_in_any_member_does_not() -> Result<(), NotCanonical> {
        let entry = sealed("a", Some(7))?;
        let shown = serde_json::to_value(&entry)?;
        assert_eq!(serde_json::from_value::<Sealed<Note>>(shown.clone()).ok(), Some(entry));
        for (name, value) in [
            ("text", json!("b")),
            ("number", json!(8)),
            ("number", Value::Null),
            ("hash", json!("0".repeat(64))),
            ("hash", json!(1)),
            ("other", json!(1)),
        ] {
            let mut altered = shown.clone();
            if let Some(members) = altered.as_object_mut() {
                members.insert(name.to_owned(), value);
            }
            assert!(serde_json::from_value::<Sealed<Note>>(altered).is_err(), "{name}");
        }
        for name in ["text", "number", "hash"] {
            let mut altered = shown.clone();
            altered.as_object_mut().map(|members| members.remove(name));
            assert!(serde_json::from_value::<Sealed<Note>>(altered).is_err(), "without {name}");
        }
        Ok(())
    }
}
