//! Anchors the log: writes for each tenant a signed list of the entries since the last one to a place that who can
//! change the log cannot change.
//!
//! The entries are those that the activity of the tenant names. An anchor begins where the one before ended, the first
//! one at [`begin`], and holds a bounded number of entries; a run makes as many as there is time for, and the next run
//! goes on from there. What a run has done is what the store has, so it may end anywhere and be repeated.

use alims_domain::anchor::{Anchored, Leaf, Manifest, NotAnAnchor, SignedAnchor, key_id};
use alims_domain::hashing::{ChainHash, NotCanonical};
use alims_domain::identifiers::TenantId;
#[cfg(doc)]
use alims_domain::limits::ANCHOR_ENTRIES_MAX;
use alims_domain::limits::{ANCHOR_LAG_SECONDS, ANCHOR_SECONDS_MAX, ANCHOR_STEP_SECONDS, ANCHOR_TENANTS_SECONDS_MAX};
use alims_domain::timestamp::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::anchoring::Period;
use crate::errors::{Bug, with_causes};
use crate::metrics;
use crate::ports::{ActivityLog, AnchorStore, Clock, IndexWalk, Kept, Signer, SignerError, StoreError};

pub use crate::anchoring::ReadPeriodError;

/// How often a tenant's anchors are looked up anew because another run made one meanwhile.
const LOST_RACES_MAX: u32 = 3;
/// How many files that are no anchors a run steps over, from the highest number down.
const STRANGE_FILES_MAX: u32 = 10;
/// 2026-01-01T00:00:00Z in milliseconds: no release of the service wrote an entry before it.
const BEGIN_MILLIS: i64 = 1_767_225_600_000;

/// The ports of a run.
#[derive(Clone)]
pub struct Ports<L, I, A, S> {
    /// The log.
    pub log: L,
    /// The index, which names tenants.
    pub index: I,
    /// Where anchors are kept.
    pub anchors: A,
    /// The key that signs them.
    pub signer: S,
    /// The server's time.
    pub clock: Arc<dyn Clock>,
    /// How many entries an anchor holds at most: [`ANCHOR_ENTRIES_MAX`]. One instant is not divided.
    pub entries_max: usize,
}

/// What became of one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantAnchored {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The anchors that this run made.
    pub made: u64,
    /// The entries in them.
    pub entries: u64,
    /// The number of the newest anchor; 0 before the first one.
    pub newest: u64,
    /// The end of what is covered now.
    pub until: Timestamp,
    /// Whether the run reached the end of what can be covered now. Otherwise the next one continues.
    pub finished: bool,
}

/// The result of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnchorRun {
    /// The tenants that were anchored, or had nothing to anchor.
    pub tenants: Vec<TenantAnchored>,
    /// The tenants for which no anchor could be made, each with the reason. The next run tries again.
    pub failed: Vec<(TenantId, String)>,
    /// Tenants for which there was no time.
    pub left: u64,
    /// Whether the run knew every tenant that the index has. Otherwise those that never had an anchor may be missing.
    pub all_known: bool,
}

/// Why no anchor was made for a tenant.
#[derive(Debug, thiserror::Error)]
enum NotAnchored {
    #[error(transparent)]
    Period(#[from] ReadPeriodError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Signer(#[from] SignerError),
    #[error("the newest anchor, number {0}, cannot be read: {1}; verify the anchors")]
    Newest(u64, NotAnAnchor),
    #[error("another run always made the next anchor first")]
    Raced,
    #[error(transparent)]
    Bug(#[from] Bug),
}

impl From<NotCanonical> for NotAnchored {
    fn from(error: NotCanonical) -> Self {
        Self::Bug(error.into())
    }
}

/// The instant at which the first anchor of a tenant begins.
#[must_use]
pub fn begin() -> Timestamp {
    #[allow(clippy::expect_used, reason = "the constant is an instant of a year of four digits")]
    Timestamp::from_unix_millis(BEGIN_MILLIS).expect("an instant")
}

/// Anchors the log of these tenants; of every tenant that is known, when none is named.
///
/// A tenant is known when it has an anchor, or an entry in the index. A tenant that has refusals or audit entries only
/// has to be named the first time.
///
/// # Errors
/// When the tenants cannot be found. A problem of a single tenant does not stop the others.
pub async fn anchor_heads<L, I, A, S>(ports: &Ports<L, I, A, S>, named: &[TenantId]) -> Result<AnchorRun, StoreError>
where
    L: ActivityLog,
    I: IndexWalk,
    A: AnchorStore,
    S: Signer,
{
    let begun = ports.clock.now();
    let (tenants, all_known) = if named.is_empty() {
        known(ports, begun.later_by_seconds(ANCHOR_TENANTS_SECONDS_MAX)).await?
    } else {
        (named.iter().cloned().collect(), true)
    };
    let enough = begun.later_by_seconds(ANCHOR_SECONDS_MAX);
    let mut run = AnchorRun { all_known, ..AnchorRun::default() };
    for tenant in tenants {
        if ports.clock.now() >= enough {
            run.left += 1;
            continue;
        }
        match anchor(ports, &tenant, enough).await {
            Ok(anchored) => run.tenants.push(anchored),
            Err(why) => run.failed.push((tenant, with_causes(&why))),
        }
    }
    metrics::ANCHORED.add(run.tenants.iter().map(|tenant| tenant.entries).sum(), &[]);
    metrics::ANCHORS_FAILED.add(u64::try_from(run.failed.len()).unwrap_or(u64::MAX), &[]);
    Ok(run)
}

/// The tenants that have an anchor or a workflow in the index, and whether the index was walked to its end.
async fn known<L, I: IndexWalk, A: AnchorStore, S>(
    ports: &Ports<L, I, A, S>,
    until: Timestamp,
) -> Result<(BTreeSet<TenantId>, bool), StoreError> {
    let mut tenants: BTreeSet<TenantId> = ports.anchors.tenants().await?.into_iter().collect();
    let mut next = None;
    loop {
        let part = ports.index.index_part(next.as_ref()).await?;
        tenants.extend(part.entries.into_iter().map(|entry| entry.key.tenant_id));
        next = part.next;
        if next.is_none() {
            return Ok((tenants, true));
        }
        if ports.clock.now() >= until {
            return Ok((tenants, false));
        }
    }
}

/// Where the next anchor of a tenant begins.
struct Place {
    number: u64,
    from: Timestamp,
    previous: ChainHash,
}

/// Makes the anchors of a tenant up to what is settled, or until the time is over.
async fn anchor<L: ActivityLog, I, A: AnchorStore, S: Signer>(
    ports: &Ports<L, I, A, S>,
    tenant: &TenantId,
    enough: Timestamp,
) -> Result<TenantAnchored, NotAnchored> {
    let settled = ports.clock.now().earlier_by_seconds(ANCHOR_LAG_SECONDS);
    let key = key_id(&ports.signer.public_key().await?.0);
    let mut place = place_of_the_next(&ports.anchors, tenant).await?;
    let (mut made, mut entries, mut races) = (0, 0, 0);
    let mut step = i64::from(ANCHOR_STEP_SECONDS) * 1000;
    while place.from < settled && (made == 0 || ports.clock.now() < enough) {
        let (until, leaves) = gather(ports, tenant, place.from, settled, &mut step).await?;
        let count = u64::try_from(leaves.len()).unwrap_or(u64::MAX);
        let Place { number, from, previous } = place;
        let anchored = Anchored { tenant_id: tenant.clone(), number, from, until, previous, key: key.clone() };
        let text = Manifest::new(anchored, leaves)?.to_text()?;
        let signature = ports.signer.sign(text.as_bytes()).await?;
        let signed = SignedAnchor::new(text, &signature.0);
        match ports.anchors.put_new(tenant, number, signed.to_bytes()?).await? {
            Kept::Now => {
                (made, entries) = (made + 1, entries + count);
                place = Place { number: number.saturating_add(1), from: until, previous: signed.hash() };
            }
            // Another run was quicker, or this one did not get the answer: either way, go on behind it.
            Kept::Already if races >= LOST_RACES_MAX => return Err(NotAnchored::Raced),
            Kept::Already => {
                races += 1;
                place = place_of_the_next(&ports.anchors, tenant).await?;
            }
        }
    }
    let newest = place.number.saturating_sub(1);
    let finished = place.from >= settled;
    Ok(TenantAnchored { tenant_id: tenant.clone(), made, entries, newest, until: place.from, finished })
}

/// The place behind the newest anchor. The signature is not checked here: a verification finds a wrong one, and the next
/// anchor names what is there by its hash.
///
/// A stranger's file far behind the anchors must not keep the service from going on, so it is stepped over. One that
/// stands where the next anchor belongs is an error: no anchor is built on it, and none can take its place.
async fn place_of_the_next<A: AnchorStore>(anchors: &A, tenant: &TenantId) -> Result<Place, NotAnchored> {
    let mut strange: Option<(u64, NotAnAnchor)> = None;
    for _ in 0..STRANGE_FILES_MAX {
        let limit = strange.as_ref().map_or(u64::MAX, |(number, _)| *number);
        let Some(newest) = anchors.newest_below(tenant, limit).await? else {
            let first = Place { number: 1, from: begin(), previous: ChainHash::genesis() };
            return before(first, strange);
        };
        match behind(anchors, tenant, newest).await? {
            Ok(place) => return before(place, strange),
            Err(error) => strange = Some((newest, error)),
        }
    }
    Err(strange.map_or(NotAnchored::Raced, |(number, error)| NotAnchored::Newest(number, error)))
}

/// The place, unless the strange file stands in it.
fn before(place: Place, strange: Option<(u64, NotAnAnchor)>) -> Result<Place, NotAnchored> {
    match strange {
        Some((number, error)) if number == place.number => Err(NotAnchored::Newest(number, error)),
        _ => Ok(place),
    }
}

/// The place behind the anchor with this number, if it is one.
async fn behind<A: AnchorStore>(
    anchors: &A,
    tenant: &TenantId,
    number: u64,
) -> Result<Result<Place, NotAnAnchor>, StoreError> {
    let Some(bytes) = anchors.get(tenant, number).await? else { return Ok(Err(NotAnAnchor::Malformed)) };
    let read = SignedAnchor::read(&bytes).and_then(|signed| Ok((Manifest::read(&signed.manifest)?, signed)));
    Ok(read.and_then(|(manifest, signed)| {
        if manifest.number != number || manifest.tenant_id != *tenant {
            return Err(NotAnAnchor::Malformed);
        }
        Ok(Place { number: number.saturating_add(1), from: manifest.until, previous: signed.hash() })
    }))
}

/// The entries of the next anchor, and the end of its period: as far as they fit into one.
async fn gather<L: ActivityLog, I, A, S>(
    ports: &Ports<L, I, A, S>,
    tenant: &TenantId,
    from: Timestamp,
    settled: Timestamp,
    step: &mut i64,
) -> Result<(Timestamp, Vec<Leaf>), ReadPeriodError> {
    let (mut reached, mut leaves) = (from, Vec::new());
    while reached < settled {
        let end = reached.unix_millis().saturating_add(*step);
        let end = Timestamp::from_unix_millis(end).map_or(settled, |end| end.min(settled));
        // One instant is not divided: an anchor may hold more than the bound then.
        let is_divisible = end.unix_millis() - reached.unix_millis() > 1;
        let room = ports.entries_max.saturating_sub(leaves.len());
        match read(&ports.log, tenant, (reached, end), if is_divisible { room } else { usize::MAX }).await? {
            Some(more) if leaves.is_empty() || more.len() <= room => {
                leaves.extend(more);
                reached = end;
                *step = step.saturating_mul(2).min(i64::from(ANCHOR_STEP_SECONDS) * 1000);
            }
            Some(_) => break,
            None if !leaves.is_empty() && room < ports.entries_max / 2 => break,
            None => *step = ((end.unix_millis() - reached.unix_millis()) / 2).max(1),
        }
    }
    Ok((reached, leaves))
}

/// The entries of a period; none when there are more than `room`.
async fn read<L: ActivityLog>(
    log: &L,
    tenant: &TenantId,
    (from, until): (Timestamp, Timestamp),
    room: usize,
) -> Result<Option<Vec<Leaf>>, ReadPeriodError> {
    let (mut period, mut leaves) = (Period::new(log, tenant, from, until), Vec::new());
    while let Some(page) = period.page().await? {
        leaves.extend(page.into_iter().map(|seen| seen.leaf));
        if leaves.len() > room {
            return Ok(None);
        }
    }
    Ok(Some(leaves))
}
