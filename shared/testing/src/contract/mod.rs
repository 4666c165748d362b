//! The contracts of the ports, as tests that take an adapter. Each test checks one sentence of the port.
//!
//! Each test of a store works in a tenant of its own, so a store that outlives a test may serve them all. Put
//! `alims_testing::log_contract!(adapter().await)` into an integration test and each becomes a test of its own.
//!
//! A port whose service may fail has two macros: one for every adapter, and one for those whose service can be made to
//! fail. These tests take a *stage*: the adapter with a fake of its service, which a test reads and controls.

pub mod access;
pub mod activity;
pub mod audit;
pub mod bus;
pub mod count;
pub mod dead_letters;
pub mod due;
pub mod exports;
pub mod index;
pub mod index_walk;
pub mod json;
pub mod list;
pub mod log;
pub mod lookup;
pub mod open;
pub mod overdue;
pub mod quarantine;
pub mod recoveries;
pub mod rules;
pub mod starter;
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
            versions_of_many_workflows_are_read_at_once
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

/// Makes a test of every part of the contract of a store of exports. The argument is an expression for a stage of a fresh
/// adapter; it may await.
#[macro_export]
macro_rules! exports_contract {
    ($stage:expr) => {
        $crate::contract_tests! { exports, $stage,
            a_document_is_kept_once_and_all_get_it
            racing_writers_all_get_the_same_document
            a_document_that_was_not_kept_is_none
            exports_are_kept_apart
            every_size_of_a_document_comes_back
            an_archive_is_there_when_it_is_complete_and_not_before
            an_archive_that_is_made_again_replaces_the_first
            an_address_ends_when_it_was_asked_to
        }
    };
}

/// Makes a test of every part of the contract for the log's other records. The argument is an expression for a fresh
/// adapter; it may await.
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
            attempts_are_paged_oldest_first
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
        $crate::contract_tests! { overdue, $adapter,
            a_workflow_that_was_never_overdue_has_no_record
            a_record_of_a_due_date_comes_back_as_it_went_in
            the_first_record_of_a_due_date_stays
            our_own_record_is_recognised_when_its_answer_was_lost
            racing_sweeps_record_a_due_date_once
            records_come_in_the_order_of_their_due_dates_and_in_pages
            any_number_of_deadlines_is_looked_up_at_once
            records_of_due_dates_change_no_version_and_are_no_refusals
        }
    };
}

/// Makes a test of every part of the contract of the log's activity. The argument is an expression for a fresh
/// [`tampered::Tampered`]; it may await.
#[macro_export]
macro_rules! activity_contract {
    ($adapter:expr) => {
        $crate::contract_tests! { activity, $adapter,
            every_kind_of_entry_is_in_the_activity_at_its_own_time
            pages_of_any_size_show_every_entry_once_and_newest_first
            a_span_is_from_its_first_instant_to_before_its_last
            a_walk_that_goes_on_while_others_append_misses_and_repeats_nothing
            filters_let_through_what_they_name
            an_altered_entry_is_shown_as_unreadable_in_its_place
            an_entry_that_was_removed_is_passed_over
            tenants_are_kept_apart
            days_without_entries_are_walked_to_the_end
        }
    };
}

/// Makes a test of every part of the contract of the audit entries. The argument is an expression for a fresh
/// [`tampered::Tampered`]; it may await.
#[macro_export]
macro_rules! audit_contract {
    ($adapter:expr) => {
        $crate::contract_tests! { audit, $adapter,
            a_tenant_that_did_nothing_has_no_audit_entries
            audit_entries_come_back_as_they_went_in_and_in_pages
            a_repeated_request_gets_the_entry_that_it_made
            racing_requests_with_one_key_record_one_entry
            audit_entries_of_tenants_are_kept_apart
            an_unreadable_audit_entry_is_given_in_its_place
            audit_entries_are_of_no_workflow
        }
    };
}

/// Makes a test of every part of the contract for a log with altered entries. The argument is an expression for a fresh
/// [`tampered::Tampered`]; it may await.
#[macro_export]
macro_rules! tampered_contract {
    ($adapter:expr) => {
        $crate::contract_tests! { tampered, $adapter,
            an_append_onto_an_unreadable_version_has_an_unknown_outcome
            versions_before_an_unreadable_one_are_given_and_none_after_it
            an_unreadable_refusal_is_given_in_its_place
            an_unreadable_record_of_a_due_date_is_given_in_its_place
            unreadable_recoveries_hide_no_older_attempt
            a_number_that_only_an_outcome_has_is_used_up
            an_attempt_with_an_unreadable_outcome_has_ended
            unreadable_claims_and_outcomes_are_given_in_their_places
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
            an_append_during_a_walk_hides_nothing_that_was_there
            segments_share_out_every_workflow
            a_position_that_no_walk_gave_is_refused
        }
    };
}

/// Makes a test of every part of the index's contract. The argument is an expression for a fresh adapter; it may
/// await.
#[macro_export]
macro_rules! index_contract {
    ($adapter:expr) => {
        $crate::contract_tests! { index, $adapter,
            a_missing_entry_is_not_given
            any_number_of_entries_is_given_at_once
            an_entry_comes_back_as_it_went_in
            an_advance_never_goes_back
            racing_advances_end_at_the_newest
            a_repair_replaces_what_was_seen_and_nothing_else
            a_repair_of_nothing_needs_nothing_to_be_there
        }
        $crate::contract_tests! { index_walk, $adapter,
            every_entry_is_met_part_by_part
            an_entry_is_removed_as_it_was_seen_and_not_when_it_went_on
            what_was_written_is_listed_by_what_it_has
            an_index_is_cleared_to_the_last_item_and_can_be_filled_again
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
        $crate::contract_tests! { lookup, $adapter,
            a_label_finds_the_workflows_that_have_it
            a_label_finds_a_workflow_exactly_while_it_has_it
            marked_workflows_are_listed_once_they_have_an_entry
            due_workflows_are_listed_nearest_first_while_they_are_open
            a_walk_by_creation_meets_every_workflow_once_while_all_move
            a_walk_by_creation_is_whole_while_many_write
            every_look_up_is_what_a_plain_model_says
        }
        $crate::contract_tests! { count, $adapter,
            an_unknown_tenant_has_no_workflows_to_count
            each_state_is_counted_apart
            a_workflow_is_counted_once_in_its_present_state
            tenants_counts_are_kept_apart
            a_count_that_stops_early_is_a_lower_bound_and_says_so
        }
        $crate::contract_tests! { open, $adapter,
            a_workflow_is_met_once_while_its_state_is_not_final
            a_walk_goes_on_where_a_workflow_was_closed
            a_position_that_no_walk_gave_is_refused
        }
        $crate::contract_tests! { due, $adapter,
            an_open_workflow_is_met_once_from_its_due_date_on
            a_walk_goes_on_where_a_due_date_was_changed_or_removed
            a_position_that_no_walk_gave_is_refused
        }
    };
}

/// Makes a test of every part of the event bus's contract that every bus keeps. The argument is an expression for a
/// fresh [`BusStage`](crate::contract::bus::BusStage), of which only `FailBeforeEffect` and `Accept` are asked; it may
/// await.
#[macro_export]
macro_rules! bus_contract {
    ($stage:expr) => {
        $crate::contract_tests! { bus, $stage,
            a_call_without_entries_has_no_results
            every_entry_is_confirmed_and_on_the_bus_as_it_was_put
            the_largest_call_is_confirmed
            an_entry_that_is_there_is_taken_again
            a_call_that_fails_is_an_error_and_the_next_one_is_taken
        }
    };
}

/// Makes a test of the contract of a bus whose service answers each entry separately and may lose answers. The argument
/// is the same as for [`bus_contract!`].
#[macro_export]
macro_rules! bus_answers_contract {
    ($stage:expr) => {
        $crate::contract_tests! { bus in answers, $stage,
            a_refused_entry_is_refused_in_its_place_and_the_others_are_taken
            an_entry_that_is_never_taken_is_refused_for_good_and_the_others_are_taken
            a_lost_answer_is_an_error_although_the_entries_were_taken
        }
    };
}

/// Makes a test of every part of the contract of the place for dead letters. The argument is an expression for a fresh
/// [`DeadLettersStage`](crate::contract::dead_letters::DeadLettersStage); it may await.
#[macro_export]
macro_rules! dead_letters_contract {
    ($stage:expr) => {
        $crate::contract_tests! { dead_letters, $stage,
            a_confirmed_letter_is_kept_whole
            a_letter_removes_no_other
            a_letter_that_is_not_kept_is_an_error
        }
    };
}

/// Makes a test of the contract that every adapter of the rules meets with any rules. The argument is an expression for
/// the adapter; it may await.
#[macro_export]
macro_rules! verdict_contract {
    ($adapter:expr) => {
        $crate::contract_tests! { rules, $adapter,
            the_same_question_has_the_same_verdict
            every_reason_of_a_refusal_is_a_rule_that_was_applied
        }
    };
}

/// Makes a test of every part of the rules' contract. The argument is an expression for an adapter that is loaded with
/// [`RULES`](crate::contract::rules::RULES); it may await.
#[macro_export]
macro_rules! rules_contract {
    ($adapter:expr) => {
        $crate::contract_tests! { rules, $adapter,
            the_same_question_has_the_same_verdict
            every_reason_of_a_refusal_is_a_rule_that_was_applied
            a_refusal_names_exactly_the_rules_that_were_not_met
            only_the_rules_of_the_move_are_applied
            a_creation_is_judged_by_its_rules
            an_amendment_is_judged_by_its_rules_only
            a_signature_is_judged_by_its_rules_only
            a_type_that_no_ruleset_names_is_allowed_by_the_lifecycle_only
            questions_asked_at_the_same_time_do_not_mix
        }
    };
}

/// Makes a test of what rules keep besides when their engine may fail. The argument is an expression for a fresh
/// [`EngineStage`](crate::contract::rules::EngineStage); it may await.
#[macro_export]
macro_rules! engine_contract {
    ($stage:expr) => {
        $crate::contract_tests! { rules in engine, $stage,
            an_engine_that_gives_no_answer_neither_allows_nor_refuses
        }
    };
}

/// Makes a test of the contract that every access policy meets. The argument is an expression for the adapter.
/// the adapter.
#[macro_export]
macro_rules! decision_contract {
    ($adapter:expr) => {
        $crate::contract_tests! { blocking access, $adapter,
            the_same_question_has_the_same_decision
            every_permission_names_the_policies_that_gave_it
        }
    };
}

/// Makes a test of every part of the access policy's contract. The argument is an expression for an adapter that is
/// loaded with [`POLICIES`](crate::contract::access::POLICIES).
#[macro_export]
macro_rules! access_contract {
    ($adapter:expr) => {
        $crate::contract_tests! { blocking access, $adapter,
            the_same_question_has_the_same_decision
            every_permission_names_the_policies_that_gave_it
            a_role_may_do_what_a_policy_permits_and_nothing_else
            a_policy_that_forbids_outweighs_one_that_permits
            a_workflow_of_another_tenant_is_forbidden
            a_policy_that_fails_forbids_what_others_permit
        }
    };
}

/// Makes a test of every part of the recovery starter's contract that every starter keeps. The argument is an
/// expression for a fresh [`StarterStage`](crate::contract::starter::StarterStage); it may await.
#[macro_export]
macro_rules! starter_contract {
    ($stage:expr) => {
        $crate::contract_tests! { starter, $stage,
            a_start_that_is_repeated_runs_once_and_goes_on
            a_name_under_way_is_already_running_for_another_document
            racing_starts_of_a_name_run_once
            names_are_kept_apart
            a_name_that_has_ended_has_ended_and_does_not_run_again
            a_name_that_never_ran_or_is_forgotten_is_unknown
        }
    };
}

/// Makes a test of the contract of a starter whose service may fail. The argument is an expression for a fresh
/// [`FailingStarterStage`](crate::contract::starter::FailingStarterStage); it may await.
#[macro_export]
macro_rules! failing_starter_contract {
    ($stage:expr) => {
        $crate::contract_tests! { starter in service, $stage,
            a_service_that_does_not_answer_is_unavailable
            a_start_whose_answer_was_lost_is_found_by_the_next
        }
    };
}

/// One test for each name, which is a function of the module of [`crate::contract`].
#[doc(hidden)]
#[macro_export]
macro_rules! contract_tests {
    (blocking $module:ident, $adapter:expr, $($name:ident)+) => {
        mod $module {
            #[allow(unused_imports, reason = "what the adapter's expression needs may be anything in scope")]
            use super::*;

            $(
                #[test]
                fn $name() {
                    $crate::contract::$module::$name(&$adapter);
                }
            )+
        }
    };
    ($module:ident in $outer:ident, $adapter:expr, $($name:ident)+) => {
        mod $outer {
            #[allow(unused_imports, reason = "what the adapter's expression needs may be anything in scope")]
            use super::*;

            $crate::contract_tests! { $module, $adapter, $($name)+ }
        }
    };
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
