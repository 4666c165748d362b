//! What an anchor says, and its bytes: canonical JSON (RFC 8785), which is hashed and signed as it is.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

use crate::anchor::leaf::Leaf;
use crate::anchor::merkle::root_of;
use crate::hashing::{ChainHash, NotCanonical, canonical_json};
use crate::identifiers::{TenantId, Version, WorkflowId};
use crate::timestamp::Timestamp;

/// The format that this release writes, and the highest that it reads.
const CURRENT_FORMAT: u64 = 1;

/// The newest version of a workflow among the entries of an anchor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchoredHead {
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// The version.
    pub version: Version,
    /// Its hash.
    pub hash: ChainHash,
}

/// What an anchor says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The number of this form; 1.
    pub format: u64,
    /// The tenant.
    pub tenant_id: TenantId,
    /// The number of the anchor among those of its tenant, from 1 on without gaps.
    pub number: u64,
    /// It covers entries of this instant or later.
    pub from: Timestamp,
    /// It covers entries before this instant.
    pub until: Timestamp,
    /// The SHA-256 of the manifest before it; 64 zeros for number 1.
    pub previous: ChainHash,
    /// The SHA-256 of the public key (DER of `SubjectPublicKeyInfo`) whose private half signs it.
    pub key: ChainHash,
    /// The number of entries.
    pub entries: u64,
    /// The Merkle root of the leaves: RFC 9162, section 2.1.1, over the canonical JSON of each.
    pub root: ChainHash,
    /// The newest version among the leaves of each workflow that has one there, sorted by id.
    pub heads: Vec<AnchoredHead>,
    /// Every entry, sorted by its name.
    pub leaves: Vec<Leaf>,
}

/// The period and the place of an anchor that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchored {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The number.
    pub number: u64,
    /// The begin of the period.
    pub from: Timestamp,
    /// The end of the period.
    pub until: Timestamp,
    /// The hash of the manifest before it.
    pub previous: ChainHash,
    /// The hash of the public key.
    pub key: ChainHash,
}

/// Why bytes are no anchor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAnchor {
    /// They are not what the service writes, or do not fit each other.
    #[error("it is no anchor as the service writes it")]
    Malformed,
    /// A newer release wrote them. They may well be an anchor.
    #[error("it has format {0}, which a newer release wrote")]
    NewerFormat(u64),
}

/// A manifest with its signature, as they are kept: canonical JSON of two texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedAnchor {
    /// The manifest, byte by byte as it was signed.
    pub manifest: String,
    /// The signature of these bytes, in hexadecimal digits: ECDSA over P-256 with SHA-256, in ASN.1 DER.
    pub signature: String,
}

/// The id of a public key: the SHA-256 of its DER.
#[must_use]
pub fn key_id(der: &[u8]) -> ChainHash {
    ChainHash::of(der)
}

/// Only the number of the form: everything else may be another in a newer one.
#[derive(Deserialize)]
struct Format {
    format: u64,
}

impl Manifest {
    /// Makes the manifest of these entries, in any order.
    ///
    /// # Errors
    /// When it has no canonical JSON, which is a bug.
    pub fn new(anchored: Anchored, mut leaves: Vec<Leaf>) -> Result<Self, NotCanonical> {
        leaves.sort_unstable();
        let Anchored { tenant_id, number, from, until, previous, key } = anchored;
        let entries = u64::try_from(leaves.len()).unwrap_or(u64::MAX);
        let (root, heads) = (root_of(&leaves)?, heads_of(&leaves));
        Ok(Self { format: CURRENT_FORMAT, tenant_id, number, from, until, previous, key, entries, root, heads, leaves })
    }

    /// Its bytes as a text.
    ///
    /// # Errors
    /// When it has no canonical JSON, which is a bug.
    pub fn to_text(&self) -> Result<String, NotCanonical> {
        let bytes = canonical_json(self)?;
        // Canonical JSON is UTF-8, so that nothing is replaced.
        Ok(String::from_utf8_lossy(bytes.as_bytes()).into_owned())
    }

    /// The hash by which the next anchor names this one.
    ///
    /// # Errors
    /// When it has no canonical JSON, which is a bug.
    pub fn hash(&self) -> Result<ChainHash, NotCanonical> {
        Ok(ChainHash::of(canonical_json(self)?.as_bytes()))
    }

    /// Reads a manifest, and checks what it says of itself: its spelling, order, number of entries, root and heads.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(text: &str) -> Result<Self, NotAnAnchor> {
        let Format { format } = serde_json::from_str(text).map_err(|_| NotAnAnchor::Malformed)?;
        if format > CURRENT_FORMAT {
            return Err(NotAnAnchor::NewerFormat(format));
        }
        let read: Self = serde_json::from_str(text).map_err(|_| NotAnAnchor::Malformed)?;
        let anchored = Anchored {
            tenant_id: read.tenant_id.clone(),
            number: read.number,
            from: read.from,
            until: read.until,
            previous: read.previous.clone(),
            key: read.key.clone(),
        };
        let made = Self::new(anchored, read.leaves.clone()).map_err(|_| NotAnAnchor::Malformed)?;
        let is_spelt_so = made.to_text().is_ok_and(|made| made == text);
        if made == read && is_spelt_so && read.from <= read.until { Ok(read) } else { Err(NotAnAnchor::Malformed) }
    }
}

/// The newest version of each workflow.
fn heads_of(leaves: &[Leaf]) -> Vec<AnchoredHead> {
    let mut heads: BTreeMap<&WorkflowId, (Version, &ChainHash)> = BTreeMap::new();
    for leaf in leaves {
        let (Some(workflow_id), Some(version)) = (&leaf.workflow_id, leaf.version) else { continue };
        let newest = heads.entry(workflow_id).or_insert((version, &leaf.hash));
        if version >= newest.0 {
            *newest = (version, &leaf.hash);
        }
    }
    let head = |(workflow_id, (version, hash)): (&WorkflowId, (Version, &ChainHash))| AnchoredHead {
        workflow_id: workflow_id.clone(),
        version,
        hash: hash.clone(),
    };
    heads.into_iter().map(head).collect()
}

impl SignedAnchor {
    /// A manifest's text with the bytes of its signature.
    #[must_use]
    pub fn new(manifest: String, signature: &[u8]) -> Self {
        Self { manifest, signature: hex::encode(signature) }
    }

    /// The hash by which the next anchor names this one.
    #[must_use]
    pub fn hash(&self) -> ChainHash {
        ChainHash::of(self.manifest.as_bytes())
    }

    /// The bytes of the signature; none when the text is no hexadecimal one.
    #[must_use]
    pub fn signature_bytes(&self) -> Option<Vec<u8>> {
        hex::decode(&self.signature).ok()
    }

    /// Its bytes as they are kept.
    ///
    /// # Errors
    /// When it has no canonical JSON, which is a bug.
    pub fn to_bytes(&self) -> Result<Vec<u8>, NotCanonical> {
        Ok(canonical_json(self)?.as_bytes().to_vec())
    }

    /// Reads what is kept.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(bytes: &[u8]) -> Result<Self, NotAnAnchor> {
        let value: Value = serde_json::from_slice(bytes).map_err(|_| NotAnAnchor::Malformed)?;
        serde_json::from_value(value).map_err(|_| NotAnAnchor::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `golden.json` holds is read and written to the last byte for ever. Its root and its hash were computed in
    /// Python.
    const GOLDEN: &str = include_str!("golden.json");

    #[test]
    fn the_golden_manifest_is_written_as_it_was_and_read_back() -> Result<(), NotCanonical> {
        let read = Manifest::read(GOLDEN).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(read.to_text()?, GOLDEN);
        let anchored = Anchored {
            tenant_id: read.tenant_id.clone(),
            number: 1,
            from: read.from,
            until: read.until,
            previous: ChainHash::genesis(),
            key: key_id(b"the key"),
        };
        let leaves = read.leaves.iter().rev().cloned().collect();
        assert_eq!(Manifest::new(anchored, leaves)?, read, "in whatever order the entries come");
        let signed = SignedAnchor::new(GOLDEN.to_owned(), b"\x01\xff");
        assert_eq!(signed.hash().as_str(), "b695cdffb1a9504ab2727206fb877b4127331803e68b58be4c83404386d98c61");
        let bytes = signed.to_bytes()?;
        assert_eq!(SignedAnchor::read(&bytes).as_ref(), Ok(&signed));
        assert!(bytes.ends_with(br#""signature":"01ff"}"#));
        assert_eq!(signed.signature_bytes(), Some(vec![1, 255]));
        Ok(())
    }

    #[test]
    fn a_manifest_of_which_anything_was_changed_is_none() {
        for (from, to) in [
            ("\"entries\":3", "\"entries\":2"),
            ("\"root\":\"", "\"root\":\"0"),
            ("\"version\":1,", "\"version\":2,"),
            ("aaaa", "aaab"),
            ("w#r#1", "w#r#2"),
            ("\"format\":1", "\"format\":0"),
            ("\"format\":1", "\"format\": 1"),
            ("\"format\":1", "\"format\":1,\"more\":1"),
            ("\"until\":\"2026", "\"until\":\"2025"),
            ("{", ""),
        ] {
            assert!(GOLDEN.contains(from), "{from}");
            assert_eq!(Manifest::read(&GOLDEN.replacen(from, to, 1)), Err(NotAnAnchor::Malformed), "{from} {to}");
        }
        let newer = GOLDEN.replacen("\"format\":1", "\"format\":2", 1);
        assert_eq!(Manifest::read(&newer), Err(NotAnAnchor::NewerFormat(2)));
    }
}
