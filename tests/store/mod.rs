//! The store's contract: one list of facts, run over all three stores, and over Redis as a cluster that waits for replicas.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test stops where it fails, and says how to repeat it"
)]

mod bench;
mod broken;
mod cluster;
mod compared;
mod kept;
mod lives;
mod pacing;
mod sending;
mod waiting;

use bench::{Bench, Kind};

/// Makes a test of each fact for each store; all facts take a fresh one.
macro_rules! facts {
    ($($module:ident: $($name:ident),+;)+) => {
        facts!(@ memory, Memory, $($module: $($name),+;)+);
        facts!(@ embedded, Embedded, $($module: $($name),+;)+);
        facts!(@ redis, Redis, $($module: $($name),+;)+);

        /// One after the other on one cluster: to start one for each would take minutes.
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn every_fact_holds_on_a_cluster_too() {
            let cluster = crate::support::many::RedisCluster::start();
            $($(
                cluster.flush();
                println!(stringify!($name));
                Box::pin($module::$name(Bench::on(&cluster.url(), cluster::ONE).await)).await;
            )+)+
        }
    };
    (@ $store:ident, $kind:ident, $($module:ident: $($name:ident),+;)+) => {
        mod $store {
            $($(
                #[tokio::test]
                async fn $name() {
                    super::$module::$name(super::Bench::open(super::Kind::$kind).await).await;
                }
            )+)+
        }
    };
}

facts! {
    kept:
        what_was_kept_is_loaded_with_its_etag,
        a_stale_etag_keeps_nothing,
        a_stale_commit_is_answered_with_what_is_there,
        a_commit_by_an_address_that_leads_elsewhere_since_keeps_nothing,
        what_was_kept_last_is_recalled_until_something_is_not_certain,
        of_many_first_commits_one_wins,
        turns_in_a_race_all_count_once,
        of_many_turns_at_once_each_gets_its_own_answer,
        a_commit_repeated_has_one_effect,
        what_is_too_large_keeps_nothing,
        an_id_that_is_none_is_refused,
        a_wake_is_seen_until_a_commit_moves_it,
        wakes_come_in_order_and_within_the_limit,
        the_journal_is_read_in_order_from_a_cursor_and_trimmed,
        a_fault_is_journaled,
        a_revision_is_kept_once_and_read_whole,
        an_alias_is_written_once,
        an_alias_never_hides_the_only_conversation,
        small_values_and_counts_run_out,
        an_erased_conversation_leaves_a_tombstone_and_nothing_to_send,
        a_tombstone_is_forgotten_unless_they_opted_out,
        what_an_old_key_sealed_is_sealed_anew_in_its_place,
        nothing_in_errors_or_debug_output_is_private;
    sending:
        items_leave_in_order_interactive_conversations_first,
        an_interactive_item_lifts_what_waits_before_it,
        an_item_tried_again_holds_back_only_its_conversation,
        a_change_of_holder_supersedes_dialogue_but_not_safety,
        stop_cancels_what_waits_but_safety,
        stop_during_an_attempt_ends_its_retries,
        a_receipt_ends_an_ambiguous_item,
        a_receipt_that_overtakes_the_answer_is_not_taken_back,
        an_attempt_whose_process_died_comes_back_as_ambiguous,
        what_was_put_off_is_not_begun_before_its_time_by_who_read_it_meanwhile,
        receipts_move_only_forward,
        a_failure_is_final_and_told,
        settling_twice_changes_nothing,
        a_turn_run_again_sends_nothing_twice,
        an_event_for_another_conversation_waits_in_order,
        the_depth_counts_items_and_the_age_of_the_oldest,
        the_hint_rings_when_something_may_leave,
        a_lease_is_taken_over_after_it_ran_out_and_fences_the_old_node,
        a_lease_let_go_is_free_at_once;
    pacing:
        a_senders_rate_holds_over_all_nodes_in_every_second,
        a_reserve_is_left_for_those_before_in_rank,
        a_provider_that_says_too_many_is_sent_less,
        one_address_that_has_had_enough_holds_back_nobody_else;
}
