//! The Merkle root of the entries of an anchor, as RFC 9162 (section 2.1.1) builds it: leaves and nodes are hashed with
//! different first bytes, so that no node can pass as a leaf.

use sha2::{Digest, Sha256};

use crate::anchor::manifest::Leaf;
use crate::hashing::{ChainHash, NotCanonical, canonical_json};

/// The first byte under the hash of a leaf.
const LEAF: u8 = 0;
/// The first byte under the hash of a node.
const NODE: u8 = 1;

/// The root over the leaves in their order. Of no leaves it is the SHA-256 of nothing.
///
/// # Errors
/// When a leaf has no canonical JSON, which is a bug.
pub fn root_of(leaves: &[Leaf]) -> Result<ChainHash, NotCanonical> {
    let mut level: Vec<[u8; 32]> = Vec::with_capacity(leaves.len());
    for leaf in leaves {
        let mut hasher = Sha256::new();
        hasher.update([LEAF]);
        hasher.update(canonical_json(leaf)?.as_bytes());
        level.push(hasher.finalize().into());
    }
    if level.is_empty() {
        return Ok(ChainHash::of(b""));
    }
    // An odd node at the end moves up as it is: the same tree as the recursive definition of the RFC.
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => {
                    let mut hasher = Sha256::new();
                    hasher.update([NODE]);
                    hasher.update(left);
                    hasher.update(right);
                    hasher.finalize().into()
                }
                [odd, ..] => *odd,
                [] => [0; 32],
            })
            .collect();
    }
    Ok(ChainHash::of_digest(level.first().copied().unwrap_or_default()))
}
