//! What every adapter of the stores' ports must keep, as tests that take the adapter.
//!
//! Each test works in a tenant of its own, so a store that outlives a test may serve them all. Put
//! `alims_testing::log_contract!(adapter().await)` into an integration test and each becomes a test of its own.

pub mod index;
pub mod json;
pub mod list;
pub mod log;
pub mod quarantine;
pub mod recoveries;
pub mod tampered;
pub mod walk;

/// Makes a test of every part of the log's contract. The argument is an expression for a fresh adapter; it may await.
#[macro_export]
macro_rules! log_contract {
    ($adapter:expr) => {
        $crate::contract_tests! { log, $adapter,
            a_version_is_appended_once
            our_own_version_is_recognised_when_its_answer_was_lost
            racing_writers_have_exactly_one_winner
            a_gap_is_not_the_adapters_business
            the_head_of_an_unknown_workflow_is_none
            the_head_is_the_newest_version
            the_head_stays_the_newest_beyond_nine_versions
            versions_come_oldest_first_from_where_they_are_asked
            versions_are_paged_beyond_a_megabyte
            a_whole_chain_comes_back_as_it_went_in
            remembered_requests_come_back_in_order
            workflows_are_kept_apart
            refusals_come_in_order_and_in_pages
            refusals_are_paged_beyond_a_megabyte
            a_refusal_recorded_twice_is_there_once
            refusals_change_no_version
            a_refusal_with_little_in_it_comes_back
        }
        $crate::contract_tests! { json, $adapter,
            odd_numbers_come_back_as_they_went_in
            random_numbers_come_back_as_they_went_in
            odd_texts_and_names_come_back_as_they_went_in
            odd_documents_come_back_as_they_went_in
            empty_and_deep_objects_come_back_as_they_went_in
            the_largest_metadata_comes_back_as_it_went_in
        }
    };
}

/// Makes a test of every part of the contract of what the log keeps beside versions and refusals. The argument is an
/// expression for a fresh adapter; it may await.
#[macro_export]
macro_rules! records_contract {
    ($adapter:expr) => {
        $crate::contract_tests! { recoveries, $adapter,
            a_workflow_that_was_never_recovered_has_no_attempts
            a_claim_and_its_outcome_come_back_as_they_went_in
            a_bare_claim_and_a_bare_outcome_come_back
            an_attempt_is_claimed_once
            racing_claimants_have_exactly_one_winner
            the_first_outcome_of_an_attempt_stays
            attempts_come_newest_first_whatever_the_order_of_writing
            recoveries_change_no_version_and_are_no_refusals
            recoveries_of_workflows_are_kept_apart
        }
        $crate::contract_tests! { quarantine, $adapter,
            a_workflow_that_was_never_quarantined_has_no_record
            a_quarantine_and_its_release_come_back_as_they_went_in
            a_break_has_one_entry_of_either_kind
            racing_finders_record_one_quarantine
            a_release_covers_exactly_the_break_it_names
            quarantines_change_no_version_and_are_no_refusals
        }
    };
}

/// Makes a test of every part of the contract of a log that somebody tampered with. The argument is an expression for a
/// fresh [`tampered::Tampered`]; it may await.
#[macro_export]
macro_rules! tampered_contract {
    ($adapter:expr) => {
        $crate::contract_tests! { tampered, $adapter,
            an_append_onto_an_unreadable_version_has_an_unknown_outcome
            versions_before_an_unreadable_one_are_given_and_none_after_it
            an_unreadable_refusal_is_given_in_its_place
            unreadable_recoveries_hide_no_older_attempt
            a_number_that_only_an_outcome_has_is_used_up
            an_attempt_with_an_unreadable_outcome_has_ended
            an_entry_of_a_quarantine_is_kept_beside_an_unreadable_one
        }
    };
}

/// Makes a test of every part of the contract of a walk over the log. The argument is an expression for a fresh
/// adapter; it may await.
#[macro_export]
macro_rules! walk_contract {
    ($adapter:expr) => {
        $crate::contract_tests! { walk, $adapter,
            every_workflow_is_met_and_none_comes_between_the_parts_of_another
            a_walk_goes_on_from_any_of_its_positions
            what_is_appended_during_a_walk_hides_nothing_that_was_there
            a_position_of_nobody_is_refused
        }
    };
}

/// Makes a test of every part of the index's contract. The argument is an expression for a fresh adapter; it may
/// await.
#[macro_export]
macro_rules! index_contract {
    ($adapter:expr) => {
        $crate::contract_tests! { index, $adapter,
            what_is_not_there_is_not_given
            any_number_of_entries_is_given_at_once
            an_entry_comes_back_as_it_went_in
            an_advance_never_goes_back
            racing_advances_end_at_the_newest
            a_repair_replaces_what_was_seen_and_nothing_else
            a_repair_of_nothing_needs_nothing_to_be_there
        }
        $crate::contract_tests! { list, $adapter,
            an_unknown_tenant_has_an_empty_list
            a_list_is_newest_first_and_ties_are_in_order
            a_workflow_is_listed_once_in_its_present_state
            the_bounds_of_time_are_inclusive_below_and_exclusive_above
            a_filter_that_nothing_passes_ends
            a_list_goes_on_from_a_position_that_is_gone
            tenants_lists_are_kept_apart
            every_list_is_what_a_plain_model_says
        }
    };
}

/// One test for each name, which is a function of the module of [`crate::contract`].
#[doc(hidden)]
#[macro_export]
macro_rules! contract_tests {
    ($module:ident, $adapter:expr, $($name:ident)+) => {
        mod $module {
            #[allow(unused_imports, reason = "what the adapter's expression needs may be anything in scope")]
            use super::*;

            $(
                #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    $crate::contract::$module::$name($adapter).await;
                }
            )+
        }
    };
}
