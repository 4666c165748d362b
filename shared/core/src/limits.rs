//! Every bound of the domain in one place. Each keeps an event, or a stored version, within what carries it.

/// Metadata of one workflow, as compact JSON. With the two bounds below an event stays under 256 KiB.
pub const METADATA_BYTES_MAX: usize = 64 * 1024;
/// The validation context of one transition, as compact JSON.
pub const VALIDATION_CONTEXT_BYTES_MAX: usize = 16 * 1024;
/// How many levels of objects and lists a JSON value of a caller may have.
///
/// `DynamoDB` is not the limit, as JSON is stored as text: the parsers of those who read it are.
pub const JSON_DEPTH_MAX: usize = 32;
/// How many accepted idempotency keys a version remembers.
pub const REMEMBERED_REQUESTS_MAX: usize = 16;

/// Items of one page of a list or a history.
pub const PAGE_ITEMS_MAX: usize = 100;
/// Items of one page when the caller does not say.
pub const PAGE_ITEMS_DEFAULT: usize = 50;
/// How many versions are held in memory at once when a whole history is walked.
pub const WALK_ITEMS_MAX: usize = 100;

/// Entries of one `PutEvents` call (Amazon EventBridge API reference, `PutEvents`).
pub const BUS_CALL_ENTRIES_MAX: usize = 10;
/// All entries of one `PutEvents` call together, in bytes (Amazon EventBridge user guide, "`PutEvents` entry size").
pub const BUS_CALL_BYTES_MAX: usize = 256 * 1024;
/// What an entry weighs beside its detail: source, detail type, bus name and instant, rounded up.
pub const BUS_ENTRY_OVERHEAD_BYTES: usize = 512;
/// Events that one replay puts on the bus. Each is a call of its own, one after another: at a tenth of a second each they
/// take half of the ten seconds that a function has.
pub const REPLAYED_EVENTS_MAX: u64 = 50;
/// Workflows whose events are looked up at the same time by one publisher.
pub const PUBLISHER_CONCURRENCY_MAX: usize = 16;

/// How long a stream keeps a record, in hours (Amazon `DynamoDB` developer guide, "Change data capture for `DynamoDB`
/// Streams"). A doorbell that is older rings no more.
pub const DOORBELL_LIFE_HOURS: u32 = 24;
/// How old a version is, in hours, that counts as published where the index does not say: a doorbell's life, and an hour
/// for clocks that differ.
pub const PUBLISHED_AFTER_HOURS: u32 = DOORBELL_LIFE_HOURS + 1;
/// Workflows of which a rebuild of the index tells what is wrong. Beyond that it counts them: something else is wrong.
pub const FINDINGS_MAX: usize = 1000;
