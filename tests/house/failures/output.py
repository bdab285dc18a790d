"""A: the bytes of a child's output, and their order."""

from __future__ import annotations

from tests.house.failures.row import (
    BATCH_ORDERS,
    CALLS,
    CHILD_SPAWN,
    FAILS,
    HOSTILE_CHILDREN,
    HOSTILE_CLIENTS,
    JOB_PROBLEMS,
    LIMITS,
    OUTPUT_LINES,
    Row,
)
from tests.house.proofs import ATTACH, EVENT_ORDERS, EXIT, LISTING, OUTPUT, PROMISES, SPAWN, STREAM, TERMINATION, of

ROWS = (
    Row(
        "A01",
        "A prompt without a line end is delivered as it is while the child waits; nothing is held back or added.",
        of(OUTPUT, "test_bytes_are_delivered_before_there_is_a_newline"),
    ),
    Row(
        "A02",
        "Binary output is byte-exact in base64 and auto, and in utf-8 what is no text becomes U+FFFD without an end.",
        of(
            OUTPUT,
            "test_every_byte_value_arrives_unchanged",
            "test_bytes_that_are_not_utf8_become_replacement_characters",
        ),
    ),
    Row(
        "A03",
        "A character that comes in pieces is sent once, whole, at its own offset, however the bytes are split.",
        (
            *of(OUTPUT, "test_a_character_waits_for_its_last_byte"),
            *of(OUTPUT, "test_however_bytes_are_split_the_text_is_that_of_the_whole"),
            *of("properties/test_text_splits.py", "test_any_split_of_any_bytes_gives_the_same_text"),
        ),
    ),
    Row(
        "A04",
        "Carriage returns, blank lines and control sequences of a child arrive untouched.",
        of(OUTPUT, "test_line_ends_and_control_characters_are_left_alone"),
    ),
    Row(
        "A05",
        "A line of any length comes in pieces as it is written, and costs no more memory than its ring.",
        (
            *of(OUTPUT, "test_a_long_output_without_a_newline_is_delivered_in_pieces"),
            *of(PROMISES, "test_a_long_output_costs_no_more_than_its_ring_and_is_there_before_it_ends[cat /dev/zero]"),
            *of(HOSTILE_CHILDREN, "test_a_line_that_never_ends_is_delivered_in_pieces"),
        ),
    ),
    Row(
        "A06",
        "Where output and exit are found in one batch, in whatever order, every byte is told before the exit.",
        (
            *of(EXIT, "test_the_exit_never_overtakes_the_output"),
            *of(EXIT, "test_output_and_exit_that_are_found_together_are_told_in_order"),
            *of(EVENT_ORDERS, "test_in_every_order_of_the_events_output_comes_before_exit_and_close_comes_last"),
            *of(
                BATCH_ORDERS,
                "test_in_every_order_of_a_batch_the_wire_is_right_and_nothing_is_left",
                "test_in_many_orders_of_other_batches_the_wire_is_right_and_nothing_is_left",
            ),
            *of(CALLS, f"{FAILS}[loop/descriptor.py os.readv exit_does_not_overtake_output EINTR]"),
        ),
    ),
    Row(
        "A07",
        "One loop in one thread reads and reaps, so no other thread can bring an exit forward.",
        (
            *of(PROMISES, "test_sessions_add_no_thread_and_a_server_at_rest_sleeps_without_a_timeout"),
            *of("lsp/test_laziness.py", "test_the_server_has_one_thread_and_starts_no_other"),
        ),
    ),
    Row(
        "A08",
        "All that is in the pipe when the child ends is read, be it a whole mebibyte, and not one buffer of it.",
        of(EXIT, "test_a_full_enlarged_pipe_is_delivered_before_the_exit"),
    ),
    Row(
        "A09",
        "A process left behind that floods the pipe delays no exit, and the leader's last words are found in its "
        "flood.",
        of(
            EXIT,
            "test_a_grandchild_that_floods_the_pipe_does_not_delay_the_exit",
            "test_the_last_words_of_the_leader_are_found_behind_those_of_a_grandchild",
        ),
    ),
    Row(
        "A10",
        "mergeStderr gives the true order of both streams, as they share a pipe; of two separate ones each keeps its "
        "own order, and the contract promises no common one.",
        of(SPAWN, "test_merged_stderr_is_truly_interleaved_with_stdout", "test_unmerged_streams_are_two_streams"),
    ),
    Row(
        "A11",
        "A child that closes its stdout has ended a stream and not itself: session/detached says ended, and it runs "
        "on.",
        of(OUTPUT, "test_a_stream_may_end_while_the_child_lives_on"),
    ),
    Row(
        "A12",
        "A stream at its end is watched no more, and costs no processor time.",
        (
            *of(OUTPUT, "test_streams_that_have_ended_cost_no_processor_time"),
            *of(STREAM, "test_the_end_of_file_ends_the_watch_in_the_same_turn"),
            *of(HOSTILE_CHILDREN, "test_children_that_close_their_streams_and_live_on_cost_nothing"),
        ),
    ),
    Row(
        "A13",
        "Single bytes are gathered into as few notifications as the client has taken meanwhile, and a lone one is told "
        "at once.",
        (
            *of(OUTPUT, "test_single_byte_writes_are_all_delivered"),
            *of(PROMISES, "test_notifications_are_as_large_as_what_there_is_and_not_as_a_line"),
            *of(OUTPUT, "test_base64_does_not_wait_for_characters"),
            *of(HOSTILE_CHILDREN, "test_a_child_that_writes_byte_by_byte_is_delivered_to_the_byte"),
        ),
    ),
    Row(
        "A14",
        "session/exited comes as the leader ends and names in streamsOpen what others still hold; their later output "
        "follows, and session/closed is last.",
        (
            *of(EXIT, "test_exited_waits_for_no_grandchild_and_says_what_it_holds"),
            *of(HOSTILE_CHILDREN, "test_pipes_that_are_held_for_ever_delay_no_exit_and_leave_nothing_once_removed"),
        ),
    ),
    Row(
        "A15",
        "No timer gives up a stream that a daemon holds: by the contract terminate ends its holder and remove lets go "
        "of it, whereupon the daemon gets SIGPIPE.",
        (
            *of(TERMINATION, "test_after_the_exit_terminate_kills_a_survivor_that_ignores_sigterm"),
            *of(LISTING, "test_a_session_that_a_grandchild_holds_open_can_be_removed"),
            *of(STREAM, "test_close_gives_back_the_memory_and_the_writer_is_told"),
        ),
    ),
    Row(
        "A16",
        "A stopped child is a running session that says nothing; it answers for itself and goes on when it is "
        "continued.",
        of(TERMINATION, "test_a_session_can_be_stopped_and_continued"),
    ),
    Row(
        "A17",
        "A child's streams are pipes and no sockets, so that it can open /dev/stdout and /dev/stderr.",
        of(CHILD_SPAWN, "test_both_output_streams_are_pipes_so_dev_stderr_can_be_opened"),
    ),
    Row(
        "A18",
        "A burst is held back in the child while a slow client is attached, loses nothing, and without one is counted "
        "to the byte where the ring forgets it.",
        (
            *of(OUTPUT, "test_block_loses_nothing_when_the_client_does_not_read"),
            *of(OUTPUT, "test_memory_stays_bounded_while_the_client_does_not_read"),
            *of(OUTPUT, "test_many_mebibytes_arrive_unchanged"),
            *of(ATTACH, "test_what_the_child_writes_while_detached_is_counted_when_it_was_overwritten"),
            *of(HOSTILE_CLIENTS, "test_a_client_that_does_not_read_costs_the_rings_and_loses_nothing[never reads]"),
        ),
    ),
    Row(
        "A19",
        "A word that is waited for is found across the pieces in which it comes, and a number at the end of the output "
        "is not taken for whole before the output has settled.",
        (
            *of("e2e/test_wait_for.py", "test_a_match_is_found_in_output_that_comes_byte_by_byte"),
            *of("session/test_search.py", "test_however_it_comes_the_end_is_what_the_engine_finds_in_all_of_it"),
            *of("e2e/test_limits.py", "test_a_match_at_the_very_end_counts_after_match_settle_ms"),
        ),
    ),
    Row(
        "A20",
        "A pattern that would keep a backtracking engine for ever costs each turn a bounded time, and keeps nobody "
        "waiting.",
        (
            *of("e2e/test_wait_for.py", "test_a_pattern_bomb_on_a_flood_keeps_nobody_waiting"),
            *of("session/test_searches.py", "test_a_turn_goes_round_and_ends_when_its_share_is_spent"),
        ),
    ),
    Row(
        "A21",
        "Where memory may be refused, which the engine for patterns does not survive, patterns are refused and "
        "literals are found.",
        of("e2e/test_wait_for.py", "test_where_memory_is_limited_a_literal_is_found_and_a_pattern_is_refused"),
    ),
    Row(
        "A22",
        "A full disk ends the tee of one stream, which is told once with the offset up to which the file is complete; "
        "the stream and its child go on.",
        (
            *of("e2e/test_tee.py", "test_a_full_disk_is_told_once_and_the_child_goes_on"),
            *of("child/test_file_writer.py", "test_a_file_above_its_limit_is_told_with_what_is_in_it"),
        ),
    ),
    Row(
        "A23",
        "A file that takes nothing, as on a disk that hangs, holds up its own child and nobody else, and is given up "
        "after a while.",
        (
            *of("e2e/test_tee.py", "test_a_file_that_takes_nothing_holds_up_its_own_child_alone"),
            *of("e2e/test_limits.py", "test_a_file_that_takes_nothing_for_tee_stall_ms_ends_its_tee"),
        ),
    ),
    Row(
        "A24",
        "Of more output than is wanted both ends are told, and what lies between is counted to the byte, also where "
        "the ring has lost it.",
        (
            *of("e2e/test_run_method.py", "test_of_a_flood_both_ends_and_the_exact_rest_are_told"),
            *of("session/test_excerpt.py", "test_every_byte_is_told_or_counted"),
        ),
    ),
    Row(
        "A25",
        "Output of two pipes is told in the order in which it was read, and each piece says when that was; who wrote "
        "first where both were readable at once, nobody can know.",
        (
            *of(
                "session/test_read_order.py",
                "test_output_is_told_in_the_order_in_which_it_was_read",
                "test_order_is_never_wrong_and_within_the_bound_it_is_exact",
            ),
        ),
    ),
    Row(
        "A26",
        "Problems are found whatever the pieces, colours and line ends in which a job writes them, and lines around "
        "what was overwritten are not taken for whole ones.",
        (
            *of(
                OUTPUT_LINES,
                "test_a_text_is_cut_into_lines",
                "test_the_pieces_make_no_difference",
                "test_lines_around_a_gap_are_no_lines",
            ),
            *of(
                JOB_PROBLEMS,
                "test_streams_do_not_cut_each_others_lines",
                "test_output_that_was_overwritten_is_missed_and_what_follows_is_not",
            ),
        ),
    ),
    Row(
        "A27",
        "A job that floods, or writes a line without an end, takes a bounded part of each turn and of the memory for "
        "the search for problems.",
        (
            *of(JOB_PROBLEMS, "test_a_flood_takes_a_bounded_part_of_each_turn"),
            *of(OUTPUT_LINES, "test_a_line_without_end_takes_no_memory"),
            *of(LIMITS, "test_as_many_problems_are_shown_as_the_limits_allow_and_not_one_more"),
        ),
    ),
)
