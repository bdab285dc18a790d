"""I: sessions: attachments, rings, fairness and limits."""

from __future__ import annotations

from tests.house.failures.row import (
    BATCH_ORDERS,
    EXIT_WATCH,
    FLOOD_ATTACHED,
    FORGOTTEN,
    KQUEUE,
    LIMITS,
    LIVENESS,
    MANY_SESSIONS,
    RANDOM_CLIENTS,
    RING,
    RING_BUDGET,
    TOMBSTONES,
    TOTAL_BACKLOG,
    Row,
)
from tests.house.proofs import (
    ATTACH,
    DELIVERY,
    ERRORS,
    EVENT_ORDERS,
    LISTING,
    LOOP,
    NEIGHBOUR,
    OUTPUT,
    PROMISES,
    PUMP,
    REGISTRY,
    SPAWN,
    STDIN,
    of,
)

ROWS = (
    Row(
        "I01",
        "The answer to an attach tells the offset of its first byte, and under a flood nothing is lost or repeated by "
        "attaching and detaching.",
        (
            *of(ATTACH, "test_the_answer_precedes_the_output_of_the_attachment"),
            *of(ATTACH, "test_detaching_and_resuming_in_the_flood_loses_and_repeats_nothing"),
            *of(REGISTRY, "test_attached_and_detached_again_and_again_under_a_flood_the_pieces_join"),
            *of(DELIVERY, "test_who_detaches_and_attaches_where_he_was_loses_and_repeats_nothing_but_what_is_counted"),
            *of(FLOOD_ATTACHED, "test_on_a_flood_every_change_of_attachment_is_exact_to_the_byte"),
            *of(RANDOM_CLIENTS, "test_whatever_a_client_asks_of_several_sessions_the_conversation_is_right"),
        ),
    ),
    Row(
        "I02",
        "A stolen attachment is told once, before the thief's first byte, and the thief keeps what it has.",
        (
            *of(ATTACH, "test_a_stolen_attachment_is_told_before_the_first_byte_of_the_new_one"),
            *of(PROMISES, "test_each_thief_keeps_what_it_has_stolen"),
            *of(FLOOD_ATTACHED, "test_on_a_flood_every_change_of_attachment_is_exact_to_the_byte"),
        ),
    ),
    Row(
        "I03",
        "Behind the answer to a detach no output follows, and its offset is the next undelivered byte.",
        of(ATTACH, "test_detach_tells_the_next_undelivered_byte_and_stops_the_output"),
    ),
    Row(
        "I04",
        "What a ring has overwritten is counted to the byte, in rings of every size.",
        (
            *of("properties/test_ring_model.py", "TestRingOfOneByte::runTest", "TestRingOfTwoBytes::runTest"),
            *of("properties/test_ring_model.py", "TestRingOfSevenBytes::runTest", "TestRingOfOneMebibyte::runTest"),
            *of(DELIVERY, "test_delivered_and_missed_add_up_to_written_and_offsets_leave_no_gap"),
        ),
    ),
    Row(
        "I05",
        "Of a write larger than the ring the tail is kept, at its offsets.",
        of(RING, "test_of_an_append_larger_than_the_ring_the_tail_is_kept_at_its_offsets"),
    ),
    Row(
        "I06",
        "An offset that was overwritten begins at the oldest byte with the gap counted; beyond the end it is "
        "OffsetOutOfRange, and a negative one -32602.",
        of(
            ATTACH,
            "test_an_overwritten_offset_begins_at_the_oldest_byte_with_the_gap_counted",
            "test_an_offset_beyond_the_end_is_out_of_range",
            "test_a_negative_offset_is_a_wrong_parameter",
        ),
    ),
    Row(
        "I07",
        "An occupied stream is AlreadyAttached even to who has it, a free one cannot be detached, and a session that "
        "was purged is not found.",
        (
            *of(ATTACH, "test_an_occupied_stream_is_refused", "test_a_stream_that_is_not_attached_cannot_be_detached"),
            *of(ERRORS, "test_a_purged_session_is_not_found", "test_an_unknown_session_is_not_found"),
        ),
    ),
    Row(
        "I08",
        "A backlog of any size comes in notifications of --max-output-bytes, made as the client reads them.",
        (
            *of(LIMITS, "test_a_notification_has_max_output_bytes_and_one_more_comes_in_the_next"),
            *of(PUMP, "test_with_a_stalled_client_no_more_is_made_than_the_low_water_mark_and_one_frame"),
        ),
    ),
    Row(
        "I09",
        "Sessions that flood take turns of --child-read-bytes, and delay no answer and no other session.",
        (
            *of(OUTPUT, "test_a_session_that_floods_delays_no_answer_and_no_other_session"),
            *of(PUMP, "test_sessions_that_flood_take_turns", "test_a_quiet_session_is_heard_among_floods"),
            *of(LIMITS, "test_child_read_bytes_are_read_in_one_turn_and_one_more_in_the_next"),
            *of(LIVENESS, "test_who_talks_is_heard_among_twenty_that_flood_both_streams"),
        ),
    ),
    Row(
        "I10",
        "Sessions by the hundred idle at little cost and all echo; the soft limit of open files is raised, and what "
        "it allows bounds how many there may be.",
        (
            *of("child/test_descriptor_limit.py", "test_the_soft_limit_is_raised_to_the_hard_one_and_given_back"),
            *of(REGISTRY, "test_few_descriptors_allow_few_sessions"),
            *of(NEIGHBOUR, "test_an_idle_server_makes_no_system_calls"),
            *of(MANY_SESSIONS, "test_a_thousand_sessions_at_once_are_idle_at_little_cost_and_all_echo"),
        ),
    ),
    Row(
        "I11",
        "Nothing depends on how much a pipe holds, which is little for a user who has many: four hundred sessions of "
        "one echo all that they are told.",
        (
            *of(STDIN, "test_nothing_depends_on_how_much_a_pipe_holds"),
            *of("soak/test_unprivileged.py", "test_sessions_whose_pipes_are_small_echo_as_exactly_as_any"),
        ),
    ),
    Row(
        "I12",
        "Memory does not grow with the sessions that have come and gone: the oldest closed ones are forgotten by count "
        "and by bytes.",
        (
            *of(OUTPUT, "test_memory_does_not_grow_with_the_sessions_that_have_come_and_gone"),
            *of(LIMITS, "test_max_exited_sessions_are_kept_and_one_more_makes_the_oldest_forgotten"),
            *of(LIMITS, "test_max_exited_backlog_bytes_are_kept_and_one_more_makes_the_oldest_forgotten"),
            *of(
                MANY_SESSIONS,
                "test_sessions_that_come_and_go_leave_no_memory_no_descriptor_and_no_zombie",
                "test_closed_sessions_are_kept_up_to_the_limit_and_the_oldest_go_first",
                "test_sessions_with_the_longest_arguments_leave_none_of_them_behind",
            ),
        ),
    ),
    Row(
        "I13",
        "A running session is removed by force only, its attachments are told removed, and the second time it is not "
        "found, with the word that it was removed and how it ended.",
        (
            *of(
                LISTING,
                "test_a_running_session_is_not_removed",
                "test_a_running_session_is_killed_when_it_is_removed_by_force",
                "test_a_session_is_removed_once",
                "test_purge_forgets_what_is_over_and_counts_it",
            ),
            *of(
                FORGOTTEN,
                "test_a_removed_session_says_that_it_was_removed_with_its_exit",
                "test_of_a_session_that_was_removed_while_it_ran_the_end_is_told_once_it_has_come",
                "test_a_purged_session_says_that_it_was_purged_with_its_exit",
            ),
        ),
    ),
    Row(
        "I14",
        "A list has no pages, for open and closed sessions are both bounded, and what each is called is too; what is "
        "forgotten is in no list, and remembered up to a bound.",
        (
            *of(LIMITS, "test_max_sessions_are_open_at_once_and_one_more_is_refused"),
            *of(LISTING, "test_only_so_many_closed_sessions_are_remembered_the_newest"),
            *of(LIMITS, "test_a_label_has_max_label_characters_and_not_one_more"),
            *of(PROMISES, "test_requests_and_answers_of_more_than_four_mebibytes_are_ordinary"),
            *of(MANY_SESSIONS, "test_closed_sessions_are_kept_up_to_the_limit_and_the_oldest_go_first[count]"),
            *of(TOMBSTONES, "test_beyond_the_limit_the_oldest_goes_for_good"),
        ),
    ),
    Row(
        "I15",
        "A session id tells the time of its spawn and a counter, and is never used again.",
        of(
            SPAWN,
            "test_a_session_id_tells_the_time_and_a_counter_from_one",
            "test_a_session_id_is_never_used_again_after_removal",
        ),
    ),
    Row(
        "I16",
        "A ring takes only as much memory as it was filled; beyond --max-total-backlog-bytes the largest of all rings "
        "retain less, with every byte that goes counted, and those of closed sessions are bounded besides.",
        (
            *of(RING, "test_a_ring_takes_only_as_much_memory_as_it_was_filled"),
            *of(RING, "test_closing_gives_the_memory_back"),
            *of(REGISTRY, "test_of_closed_sessions_with_much_output_the_oldest_are_forgotten"),
            *of(
                TOTAL_BACKLOG,
                "test_all_rings_together_stay_within_the_bound_and_what_goes_is_counted",
                "test_when_the_rings_give_way_an_attachment_that_blocks_loses_nothing",
            ),
            *of(
                RING_BUDGET,
                "test_the_largest_gives_way_by_halves_and_no_further_than_needed",
                "test_whatever_is_asked_the_books_are_right_and_the_budget_holds",
            ),
            *of("soak/test_all_at_once.py", "test_the_formula_holds_where_every_limit_is_reached_at_once"),
        ),
    ),
    Row(
        "I17",
        "An event of a batch does not reach a watch that was ended in it, nor a new one of the same number.",
        (
            *of(LOOP, "test_an_event_of_the_same_batch_does_not_reach_a_watch_that_was_ended"),
            *of(
                LOOP,
                "test_an_event_does_not_reach_a_new_watch_of_a_number_that_was_taken_again_in_the_batch",
            ),
            *of(EVENT_ORDERS, "test_a_descriptor_number_that_is_taken_anew_in_the_batch_gets_no_stale_event"),
            *of(
                BATCH_ORDERS,
                "test_in_every_order_of_a_batch_the_wire_is_right_and_nothing_is_left",
                "test_in_many_orders_of_other_batches_the_wire_is_right_and_nothing_is_left",
            ),
        ),
    ),
    Row(
        "I18",
        "Deadlines that were cancelled are cleared away, and do not fill the memory.",
        (
            *of(LOOP, "test_a_client_that_sets_and_cancels_long_deadlines_does_not_fill_the_memory"),
            *of("server/test_pending.py", "test_ten_thousand_rows_leave_no_deadline_behind"),
        ),
    ),
    Row(
        "I19",
        "The loop works with epoll, poll and select alike, on systems that have none but the last, and with a kqueue "
        "for the ends of children.",
        (
            *of(LOOP, "test_a_readable_descriptor_is_called_in_every_turn_until_it_is_read"),
            *of(LOOP, "test_a_paused_watch_is_silent_after_a_hang_up_and_goes_on_when_it_is_watched_again"),
            *of(REGISTRY, "test_output_of_both_streams_then_exit_then_close"),
            *of(EXIT_WATCH, "test_of_many_ends_at_once_none_is_lost"),
            *of(
                KQUEUE,
                "test_an_end_is_reported_once_and_not_before_it_came",
                "test_of_more_ends_at_once_than_one_call_takes_none_is_lost",
            ),
        ),
    ),
)
