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

/// How far back the bounds on kept refusals look, in seconds.
pub const REFUSALS_WINDOW_SECONDS: u64 = 60;
/// Refused attempts of one principal on one workflow that are kept within the window. People and programs that work meet
/// this by no mistake; a program that runs wild does at once.
pub const REFUSALS_OF_A_PRINCIPAL_MAX: usize = 20;
/// Refused attempts of all principals on one workflow that are kept within the window. It is also what one look at them
/// reads at most.
pub const REFUSALS_OF_A_WORKFLOW_MAX: usize = 100;

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
/// Breaks that one release may name. A hundred fit into a request and are more than a person can have looked into.
pub const BREAKS_RELEASED_MAX: usize = 100;
/// Versions at the end of a log that cannot be read and are passed over, each by a read of its own, on the way to one that
/// can. So many are no accident any more.
pub const UNREADABLE_PASSED_OVER_MAX: usize = 50;
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

/// How long a recovery may take from its first turn on, in seconds. Five less than the thirty that are promised: a turn
/// begun just before may be followed by a wait and another turn, and its outcome has to be recorded as well.
pub const RECOVERY_DEADLINE_SECONDS: u32 = 25;
/// Turns of one recovery. Undisturbed it takes six; each lost race costs three more.
pub const RECOVERY_TURNS_MAX: u32 = 30;
/// Automatic recoveries of one workflow within [`AUTOMATIC_ATTEMPTS_WINDOW_HOURS`], counted from the log. A recovery that
/// a person asked for starts the count anew.
pub const AUTOMATIC_ATTEMPTS_MAX: u32 = 5;
/// How far back automatic recoveries are counted, in hours.
pub const AUTOMATIC_ATTEMPTS_WINDOW_HOURS: u32 = 24;
/// How long the first automatic recovery waits, in seconds: who failed is given a moment to be well again.
pub const AUTOMATIC_DELAY_SECONDS_FIRST: u32 = 5;
/// How many times longer each next automatic recovery waits.
pub const AUTOMATIC_DELAY_GROWTH: u32 = 4;
/// The longest an automatic recovery waits, in seconds. The state machine's timeout adds the turns that follow.
pub const AUTOMATIC_DELAY_SECONDS_MAX: u32 = 900;
/// Attempts that are read back at once: more than the automatic ones that can lie between two of a person.
pub const RECOVERY_ATTEMPTS_READ_MAX: usize = 50;
/// What is kept of the cause of a recovery that gave up, in characters.
pub const RECOVERY_CAUSE_CHARS_MAX: usize = 1000;

/// Workflows that one sweep looks at. It goes on at the next from where it stopped.
pub const SWEEP_WORKFLOWS_MAX: u64 = 1000;
/// Entries of the log in one part of a sweep: it can stop only between two parts.
pub const SWEEP_PART_ENTRIES: u16 = 500;
/// How long a sweep goes on to begin another part, in seconds; a part takes a few.
pub const SWEEP_SECONDS_MAX: u32 = 30;
/// How old a workflow's newest version is, in seconds, before a sweep looks at it: what is younger is being published.
pub const SWEEP_GRACE_SECONDS: u32 = 300;
