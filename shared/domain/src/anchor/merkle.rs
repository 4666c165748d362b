//! The Merkle root of the entries of an anchor, as RFC 9162 (section 2.1.1) builds it: leaves and nodes are hashed with
//! different first bytes, so that no node can pass as a leaf.

use sha2::{Digest, Sha256};

use crate::anchor::leaf::Leaf;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed anew in Python, by the recursive definition of the RFC.
    const ROOTS: [&str; 10] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "853611115633a2051eedf6a7af57af44fe832272e71f7ad1a6deb0ee9b8cf1bb",
        "1a4e9a06265b4459a05387dc0ff179afe652f10661283f1443b9e84ac19943d2",
        "b6fc524ef928299fae5f0736f06b59a6b83830d8057e65cf296a99b297c17893",
        "9e782a0fc716e95f30cc1944fd1324b99d7b2a92103355a153ca7b0f1a929e7a",
        "31dfefe3f1637c40b86de75b552ac2f75f0d62e36c4625142891630f01119da7",
        "87c4abe05b009ece55206276cde24b0e5489260439d304e83299998effe25069",
        "450b8d3c8d566fae288539e429c56f9043d33cf00c7963bbb3e9cda294a69d94",
        "6476426bb33091658c85b2f61eccd133ea0079fcdb719d5c80906421b6ee8106",
        "9d949f79e11088644cf7fca6917eadb96cddc4da6498a2fc57ac64b803d2910d",
    ];

    #[test]
    fn the_root_is_that_of_the_rfc_for_every_shape_of_the_tree() -> Result<(), NotCanonical> {
        let leaf = |version: u64| Leaf {
            entry: "w#v#0000000001".to_owned(),
            at: "2026-11-23T08:15:01.000Z".parse().unwrap_or_else(|error| panic!("{error}")),
            workflow_id: "w".parse().ok(),
            version: version.try_into().ok(),
            hash: "a".repeat(64).try_into().unwrap_or_else(|error| panic!("{error}")),
        };
        for (number, root) in (0..).zip(ROOTS) {
            let leaves: Vec<Leaf> = (1..=number).map(leaf).collect();
            assert_eq!(root_of(&leaves)?.as_str(), root, "{number} leaves");
        }
        Ok(())
    }
}
