//! Every bound of the domain. Each keeps an event or a stored version within the limits of the service that carries it.

/// Metadata of one workflow, as compact JSON, in bytes. With the two bounds below an event stays under 256 KiB.
pub const METADATA_BYTES_MAX: usize = 64 * 1024;
/// The validation context of one transition, as compact JSON, in bytes.
pub const VALIDATION_CONTEXT_BYTES_MAX: usize = 16 * 1024;
/// How many levels of objects and lists a caller's JSON value may have.
///
/// `DynamoDB` sets no limit here, because the service stores JSON as text. The readers' parsers do.
pub const JSON_DEPTH_MAX: usize = 32;
/// Labels of one workflow. With the bounds of a name and a value they stay under 3 KiB, so an index entry stays small.
pub const LABELS_MAX: usize = 10;
/// Names in one patch of labels: enough to remove all and to set as many.
pub const LABELS_PATCHED_MAX: usize = 2 * LABELS_MAX;
/// Signatures that a version carries. With the bounds of their members they stay under 96 KiB, so that an event stays
/// under 256 KiB.
pub const SIGNATURES_MAX: usize = 20;
/// Roles that a signature keeps. A person with more is refused, because a signature that left one out would be wrong.
pub const SIGNATURE_ROLES_MAX: usize = 32;
/// Methods of authentication that a signature keeps.
pub const AUTHENTICATION_METHODS_MAX: usize = 8;
/// How long ago a signer may have authenticated where the deployment says nothing, in seconds.
pub const SIGNATURE_AGE_SECONDS_DEFAULT: u32 = 300;
/// How far in the future an `auth_time` may be, in seconds: the clock of the identity provider may be ahead.
pub const AUTH_TIME_AHEAD_SECONDS: u32 = 60;
/// Changes of one version that a history shows.
pub const CHANGES_SHOWN_MAX: usize = 100;
/// Changes of one version that a history shows, with their pointers, as JSON, in bytes. Metadata that are replaced as a
/// whole fit.
pub const CHANGES_BYTES_MAX: usize = 256 * 1024;
/// How many accepted idempotency keys a version remembers.
pub const REMEMBERED_REQUESTS_MAX: usize = 16;

/// How long a function may take to answer a request, in seconds. Together with a cold start it stays below the 30
/// seconds after which API Gateway answers in place of the function (Amazon API Gateway developer guide, "Quotas for
/// configuring and running an HTTP API").
pub const REQUEST_SECONDS_MAX: u32 = 25;
/// The part of that time, in milliseconds, that is left for an answer when an operation has run out of time.
pub const REQUEST_RESERVE_MS: u32 = 1500;

/// Transitions that one request may ask for.
pub const BATCH_ITEMS_MAX: usize = 100;
/// Transitions of one request that are decided at the same time. A hundred take thirteen rounds of a few hundredths of a
/// second, and a rules engine with one thread, or a throttled table, is asked for no more than by eight people at once.
pub const BATCH_AT_ONCE_MAX: usize = 8;
/// How long one request goes on to begin transitions, in seconds. The last one that is begun still has the time that it
/// may take at most.
pub const BATCH_BEGINS_SECONDS: u32 = 8;
/// The reasons of one refused transition in the answer to many, as JSON, in bytes; its kept refusal has all. A hundred
/// stay below the 6 MB that a function may answer (AWS Lambda developer guide, "Lambda quotas"), where the JSON stands in
/// a JSON text once more and may double.
pub const BATCH_REASONS_BYTES_MAX: usize = 16 * 1024;

/// The window over which kept refusals are counted, in seconds.
pub const REFUSALS_WINDOW_SECONDS: u64 = 60;
/// Refused attempts of one principal on one workflow that are kept within the window. Working people and programs stay
/// below this; a program in an endless loop exceeds it at once.
pub const REFUSALS_OF_A_PRINCIPAL_MAX: usize = 20;
/// Refused attempts of all principals on one workflow that are kept within the window. One check reads at most this
/// many.
pub const REFUSALS_OF_A_WORKFLOW_MAX: usize = 100;

/// Items of one page of a list or a history.
pub const PAGE_ITEMS_MAX: usize = 100;
/// Items of one page when the caller gives no limit.
pub const PAGE_ITEMS_DEFAULT: usize = 50;
/// Rulesets on one page after the first, in bytes. The largest ruleset has a third of it, so an answer stays far below
/// the 6 MB that a function may answer (AWS Lambda developer guide, "Lambda quotas").
pub const RULESETS_PAGE_BYTES_MAX: usize = 1024 * 1024;
/// How much metadata one page of a list has, in bytes of JSON. Lambda sends an answer of at most 6 MB, in which JSON within
/// JSON takes up to twice its size.
pub const LIST_METADATA_BYTES_MAX: usize = 2 * 1024 * 1024;
/// How many workflows of a page of a list are looked up in the log at a time.
pub const LOOKED_UP_AT_ONCE_MAX: usize = 25;
/// Reads of the index that a count makes for each state. One read on `DynamoDB` looks at 500 entries at most, so this
/// counts 10,000 workflows of a state, for some 500 read units.
pub const COUNT_READS_MAX: usize = 20;
/// How many versions a walk over a whole history holds in memory at once.
pub const WALK_ITEMS_MAX: usize = 100;
/// How many versions a check of a history reads at once: two megabytes of the largest.
pub const CHECKED_AT_ONCE_MAX: usize = 25;
/// Versions that one call checks of a history. With the bound below a call takes a part of the time that a
/// function has; the next call continues.
pub const CHECKED_VERSIONS_MAX: usize = 500;
/// Metadata and validation contexts that one call checks of a history, as compact JSON, in bytes. A call exceeds it by
/// at most what it reads at once.
pub const CHECKED_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Entries beside the versions that one call checks of each kind. Each may take the read of one version more.
pub const CHECKED_ENTRIES_MAX: usize = 100;

/// Entries of one `PutEvents` call (Amazon EventBridge API reference, `PutEvents`).
pub const BUS_CALL_ENTRIES_MAX: usize = 10;
/// All entries of one `PutEvents` call together, in bytes (Amazon EventBridge user guide, "`PutEvents` entry size").
pub const BUS_CALL_BYTES_MAX: usize = 256 * 1024;
/// The size of an entry without its detail, in bytes: source, detail type, bus name and instant, rounded up.
pub const BUS_ENTRY_OVERHEAD_BYTES: usize = 512;
/// The longest span of time that one list of activity covers, in days: a whole month.
pub const ACTIVITY_DAYS_MAX: u32 = 31;
/// The span of time that a list of activity covers when the caller names none, in days.
pub const ACTIVITY_DAYS_DEFAULT: u32 = 1;
/// How far beyond the present a list of activity reaches, in seconds, for entries of a server whose clock is ahead.
pub const ACTIVITY_AHEAD_SECONDS: u32 = 60;
/// How long after an instant the activity may still get an entry of it, in seconds. A period is reviewed when it is over
/// for so long.
pub const ACTIVITY_SETTLED_SECONDS: u32 = 60;
/// Events that one replay puts on the bus. Each is a call of its own, one after another: at a tenth of a second each
/// they take a fifth of the time that a function has.
pub const REPLAYED_EVENTS_MAX: u64 = 50;
/// Breaks that one release may name. A hundred fit into a request and are more than a person can have reviewed.
pub const BREAKS_RELEASED_MAX: usize = 100;
/// Unreadable versions at the end of a log that a read passes over, one read each, to find a readable one. So many are
/// no accident.
pub const UNREADABLE_PASSED_OVER_MAX: usize = 50;
/// Workflows whose events one publisher looks up at the same time.
pub const PUBLISHER_CONCURRENCY_MAX: usize = 16;

/// How long a stream keeps a record, in hours (Amazon `DynamoDB` developer guide, "Change data capture for `DynamoDB`
/// Streams"). The stream delivers no older notification.
pub const NOTIFICATION_LIFE_HOURS: u32 = 24;
/// The age of a version, in hours, from which it counts as published where the index has no usable entry: the stream's
/// retention, and an hour for clock skew.
pub const PUBLISHED_AFTER_HOURS: u32 = NOTIFICATION_LIFE_HOURS + 1;
/// Findings that a rebuild of the index lists. It only counts further ones: so many point to another problem.
pub const FINDINGS_MAX: usize = 1000;

/// How long a recovery may take from its first turn on, in seconds. Five less than the promised thirty: a turn that
/// begins just before the deadline may need a wait and another turn, and the recovery must still record its outcome.
pub const RECOVERY_DEADLINE_SECONDS: u32 = 25;
/// Turns of one recovery. Undisturbed it takes six; each lost race costs three more.
pub const RECOVERY_TURNS_MAX: u32 = 30;
/// Automatic recoveries of one workflow within [`AUTOMATIC_ATTEMPTS_WINDOW_HOURS`], counted from the log. A recovery
/// that a person requested resets the count.
pub const AUTOMATIC_ATTEMPTS_MAX: u32 = 5;
/// The window over which automatic recoveries are counted, in hours.
pub const AUTOMATIC_ATTEMPTS_WINDOW_HOURS: u32 = 24;
/// How long the first automatic recovery waits, in seconds, so that the failed component has time to return.
pub const AUTOMATIC_DELAY_SECONDS_FIRST: u32 = 5;
/// The growth factor of the wait from one automatic recovery to the next.
pub const AUTOMATIC_DELAY_GROWTH: u32 = 4;
/// The longest wait of an automatic recovery, in seconds. The state machine's timeout adds the turns that follow.
pub const AUTOMATIC_DELAY_SECONDS_MAX: u32 = 900;
/// Attempts that one read returns: more than the automatic ones that can lie between two of a person.
pub const RECOVERY_ATTEMPTS_READ_MAX: usize = 50;
/// The length of the kept cause of a recovery that gave up, in characters.
pub const RECOVERY_CAUSE_CHARS_MAX: usize = 1000;

/// How many times what one call checks a sweep checks of one history. A longer one is reported, and does not stop the
/// sweep.
pub const SWEEP_CHECKS_MAX: usize = 8;
/// Workflows of the log that one sweep checks with their whole history. The next sweep continues from there.
pub const SWEEP_WORKFLOWS_MAX: u64 = 10_000;
/// Open workflows that one sweep compares with the log, one read each. The next sweep continues from there.
pub const SWEEP_OPEN_WORKFLOWS_MAX: u64 = 100_000;
/// Entries of the log, or of the open workflows, in one part of a sweep; a sweep can stop only between two parts.
pub const SWEEP_PART_ENTRIES: u16 = 500;
/// How long a sweep continues to begin new parts, in seconds; one part takes a few seconds.
pub const SWEEP_SECONDS_MAX: u32 = 240;
/// How long a sweep continues to begin close looks, in seconds; what is left of a part waits for the next walk. The
/// function has a minute more.
pub const SWEEP_LOOKS_SECONDS_MAX: u32 = 300;
/// The part of it that the open workflows may take, so that the round goes on in every sweep.
pub const SWEEP_OPEN_SECONDS_MAX: u32 = 120;
/// The minimum age of a workflow's newest version, in seconds, before a sweep checks it: the publisher still works on
/// younger ones.
pub const SWEEP_GRACE_SECONDS: u32 = 300;

/// How long a sweep of due dates continues to begin new parts, in seconds; one part takes a few seconds. The next sweep
/// continues from there.
pub const DEADLINES_SECONDS_MAX: u32 = 120;
/// How long it continues to begin looks at workflows, in seconds; what is left of a part waits for the next walk. The
/// function has a minute more.
pub const DEADLINES_LOOKS_SECONDS_MAX: u32 = 180;

/// Entries of one anchor. A manifest of so many is about 3 MB, which one call reads and keeps in memory; a period with
/// more is divided.
pub const ANCHOR_ENTRIES_MAX: usize = 10_000;
/// How long ago the period of an anchor has ended, in seconds: longer than any call or recovery that could still write
/// an entry of it, and than the activity lags behind the log.
pub const ANCHOR_LAG_SECONDS: u32 = 900;
/// How much of the log an anchor looks at in one step, in seconds, before it looks whether there is room for more.
pub const ANCHOR_STEP_SECONDS: u32 = 31 * 24 * 60 * 60;
/// How long a run continues to begin new anchors, in seconds. The next run continues from there.
pub const ANCHOR_SECONDS_MAX: u32 = 240;
/// How long a run looks for tenants that have no anchor yet, in seconds.
pub const ANCHOR_TENANTS_SECONDS_MAX: u32 = 60;
/// Entries that an export may hold.
pub const EXPORT_ENTRIES_MAX: u64 = 1_000_000;
/// Entries of one part of an export. An export that has fewer is made within its request.
pub const EXPORT_PART_ENTRIES: usize = 500;
/// The size from which a part of an export takes no further entry, in bytes: what one step holds in memory.
pub const EXPORT_PART_BYTES: usize = 4 * 1024 * 1024;
/// Pages of the log that are read for one part of an export. In a period with few entries a page may be empty.
pub const EXPORT_PART_PAGES: usize = 200;
/// Pages of the log that a request reads for the first part of an export. A job continues where they end, so that the
/// request has an answer in time.
pub const EXPORT_REQUEST_PAGES: usize = 10;
/// How long a request tries to make a small export before a job continues with it, in seconds.
pub const EXPORT_REQUEST_SECONDS: u32 = 5;
/// Parts that one step of an export's job writes.
pub const EXPORT_STEP_PARTS: u32 = 20;
/// Entries that the printable report of an export shows. A larger export has a report without the entries.
pub const EXPORT_REPORT_ENTRIES_MAX: u64 = 10_000;
/// How long the address of an archive works, in seconds.
pub const EXPORT_LINK_SECONDS: u32 = 300;
