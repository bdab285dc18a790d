"""What became of the original: each of its 49 features and of its 40 flaws, and the tests that prove it.

Rules of this file: a row says in a sentence of our own what the feature is on this wire, or what stands where the flaw
was; where the contract decides otherwise than the original did, the row says so. `test_original.py` keeps the tables
honest.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.house.proofs import (
    ATTACH,
    CANCEL,
    DELIVERY,
    ERRORS,
    EVENT_ORDERS,
    EXIT,
    LIFE,
    LIFECYCLE,
    LISTING,
    LOOP,
    MALFORMED,
    NEIGHBOUR,
    ORACLE,
    OUTPUT,
    PROMISES,
    PUMP,
    READ,
    REGISTRY,
    SESSION,
    SPAWN,
    STDIN,
    STDIN_PIPE,
    STREAM,
    TERMINATION,
    WALL_CLOCK,
    Proofs,
    of,
)


class Row(NamedTuple):
    """One feature or one flaw of the original."""

    number: int
    becomes: str
    """What it is here."""
    proofs: Proofs


WRONG = "test_wrong_params_are_named_by_path_and_nothing_is_coerced"


FEATURES = (
    # ---- types, constants, fields
    Row(
        1,
        "Each output stream has a ring of 1 048 576 bytes unless backlogBytes says otherwise, so a session has two.",
        of(PROMISES, "test_each_stream_of_a_session_retains_a_mebibyte_of_its_own_and_counts_the_rest"),
    ),
    Row(
        2,
        "No session/output stands for more than 64 KiB of raw bytes; what is longer comes in several.",
        (
            *of(PROMISES, "test_a_line_longer_than_a_notification_comes_in_several"),
            *of(OUTPUT, "test_offsets_begin_at_zero_and_the_next_is_offset_plus_length"),
        ),
    ),
    Row(
        3,
        "A stream is chosen by its name, stdout or stderr; any other value is -32602 at params.stream.",
        of(ATTACH, "test_there_is_no_stream_of_another_name", "test_attaching_one_stream_leaves_the_other_alone"),
    ),
    Row(
        4,
        "A child has three pipes; its stdin is reached by session/write alone and is no stream to attach to.",
        (
            *of("child/test_spawn.py", "test_a_child_has_exactly_descriptors_0_1_and_2_and_they_are_our_pipes"),
            *of(MALFORMED, f"{WRONG}[attach to stdin]"),
            *of(STDIN, "test_bytes_enter_the_child_as_they_are"),
        ),
    ),
    Row(
        5,
        "A stream is one ring and at most one attachment, and the two streams of a session are attached independently.",
        (
            *of(ATTACH, "test_attaching_one_stream_leaves_the_other_alone", "test_an_occupied_stream_is_refused"),
            *of(SPAWN, "test_attach_names_the_streams_that_are_delivered"),
        ),
    ),
    Row(
        6,
        "The queue of an attachment is gone: an attachment is an offset into the ring, and frames are made from there "
        "only while the client has room.",
        (
            *of(STREAM, "test_replay_and_live_output_are_one_path"),
            *of(PUMP, "test_with_a_stalled_client_no_more_is_made_than_the_low_water_mark_and_one_frame"),
        ),
    ),
    Row(
        7,
        "Its four kinds of frame are session/output, the missedBytes of one, session/exited and session/detached, and "
        "the gap is really told.",
        (
            *of(EXIT, "test_closed_is_the_last_that_is_heard_of_a_session"),
            *of(OUTPUT, "test_drop_oldest_never_delays_the_child_and_counts_the_gap"),
        ),
    ),
    Row(
        8,
        "An attachment ends as detached, stolen, ended or removed; by the contract neither a termination nor the exit "
        "ends it, and what it ends on is one stream and not the connection.",
        (
            *of(ATTACH, "test_detach_tells_the_next_undelivered_byte_and_stops_the_output"),
            *of(ATTACH, "test_a_stolen_attachment_is_told_before_the_first_byte_of_the_new_one"),
            *of(OUTPUT, "test_an_empty_stream_has_no_output_but_an_end"),
            *of(LISTING, "test_a_running_session_is_killed_when_it_is_removed_by_force"),
            *of(TERMINATION, "test_what_a_child_writes_as_its_farewell_is_delivered_before_its_exit"),
        ),
    ),
    Row(
        9,
        "An occupied stream is AlreadyAttached and a merged stderr StreamUnavailable; by the contract an exited "
        "session refuses nobody and delivers what it retains.",
        (
            *of(ATTACH, "test_an_occupied_stream_is_refused"),
            *of(ATTACH, "test_a_merged_stderr_is_unavailable[session/attach]"),
            *of(ATTACH, "test_a_session_that_has_exited_and_closed_can_be_attached_again_and_again"),
        ),
    ),
    Row(
        10,
        "An empty argv is a wrong parameter, and a program that cannot be started is SpawnFailed with errno and stage.",
        (
            *of(MALFORMED, f"{WRONG}[argv empty]"),
            *of(SPAWN, "test_spawn_failed_tells_what_failed_and_where"),
        ),
    ),
    Row(
        11,
        "ExitInfo has the exit code, the time of the exit and the outcome; by the contract a signal is told by its "
        "name with exitCode null, and not as a negative number.",
        of(
            EXIT,
            "test_an_exit_code_is_told_as_it_is",
            "test_a_signal_is_told_by_its_name",
            "test_the_duration_is_the_time_between_spawn_and_exit",
        ),
    ),
    Row(
        12,
        "The outcomes are naturalExit, softExit and hardKilled; while the child lives, exit is null.",
        (
            *of(LIFECYCLE, "test_the_outcome_tells_whether_our_kill_ended_it"),
            *of(TERMINATION, "test_a_child_that_obeys_ends_softly"),
            *of(TERMINATION, "test_a_stubborn_child_is_killed_when_its_grace_is_over"),
            *of(LISTING, "test_information_follows_a_session_through_its_life"),
        ),
    ),
    Row(
        13,
        "SessionInfo has every field that the original listed, and one member for each stream instead of two flags.",
        (
            *of(SPAWN, "test_the_answer_describes_the_new_session_exactly"),
            *of(LISTING, "test_information_follows_a_session_through_its_life"),
        ),
    ),
    Row(
        14,
        "A session id is pipe-, the nanoseconds of the clock in 16 digits and a counter from 1 in 8, never used twice.",
        of(
            SPAWN,
            "test_a_session_id_tells_the_time_and_a_counter_from_one",
            "test_a_session_id_is_never_used_again_after_removal",
        ),
    ),
    # ---- spawn
    Row(
        15,
        "argv is required and not empty, no shell sees it, and a name without a slash is looked up in PATH.",
        (
            *of(MALFORMED, f"{WRONG}[argv empty]", f"{WRONG}[argv missing]"),
            *of(SPAWN, "test_argv_reaches_the_program_without_a_shell"),
            *of(SPAWN, "test_the_program_is_looked_up_in_the_path_of_the_child"),
        ),
    ),
    Row(
        16,
        "cwd is optional and stands for the server's own; the session then tells that directory and not an empty text.",
        (
            *of(SPAWN, "test_cwd_is_where_the_child_runs_and_what_its_information_says"),
            *of(SPAWN, "test_without_cwd_the_child_runs_where_the_server_does"),
            *of(SPAWN, "test_the_answer_describes_the_new_session_exactly"),
        ),
    ),
    Row(
        17,
        "env is laid over the inherited environment, or with inheritEnv false over nothing; it is an object, so a name "
        "given twice is refused rather than decided by order.",
        (
            *of(SPAWN, "test_env_is_laid_over_the_inherited_environment_and_null_removes"),
            *of(SPAWN, "test_without_inheriting_the_environment_is_exactly_env"),
            *of(SPAWN, "test_the_server_adds_nothing_to_the_inherited_environment"),
            *of(
                MALFORMED,
                "test_a_duplicate_key_is_refused_because_no_reading_of_it_is_the_right_one[a name in env]",
            ),
        ),
    ),
    Row(
        18,
        "The originator defaults to the client's name as the contract has it, without a prefix, and command to argv "
        "quoted for a shell.",
        (
            *of(SPAWN, "test_the_originator_comes_from_the_client_name_the_options_or_the_spawn"),
            *of(SPAWN, "test_the_command_defaults_to_argv_quoted_as_a_shell_would"),
        ),
    ),
    Row(
        19,
        "mergeStderr is false unless asked for; then stdout has the bytes of both and stderr is available nowhere.",
        (
            *of(SPAWN, "test_unmerged_streams_are_two_streams"),
            *of(SPAWN, "test_merged_stderr_is_truly_interleaved_with_stdout"),
            *of(SPAWN, "test_attaching_a_merged_stderr_at_spawn_is_refused"),
            *of(ATTACH, "test_a_merged_stderr_is_unavailable"),
            *of(READ, "test_a_merged_stderr_cannot_be_read"),
        ),
    ),
    Row(
        20,
        "stdin is a pipe unless null is asked for, output is always captured, priority is left alone, and the child "
        "leads its group; for want of a terminal it also has a kernel session of its own, as the contract says.",
        (
            *of(SPAWN, "test_the_answer_describes_the_new_session_exactly"),
            *of(SPAWN, "test_a_child_leads_its_own_group_and_has_no_terminal"),
            *of(PROMISES, "test_a_child_runs_at_the_priority_of_whoever_started_the_server"),
        ),
    ),
    Row(
        21,
        "The answer to a spawn has id, pid and time, the next request already finds the session, and it runs to its "
        "end whether anybody attaches or not.",
        (
            *of(PROMISES, "test_a_session_is_known_to_the_request_right_behind_its_spawn"),
            *of(EXIT, "test_exited_and_closed_come_though_nobody_is_attached"),
            *of(ATTACH, "test_a_child_that_nobody_is_attached_to_is_never_delayed"),
        ),
    ),
    Row(
        22,
        "The threads of a session are gone: one thread waits for every pipe and every exit of all of them.",
        (
            *of(PROMISES, "test_sessions_add_no_thread_and_a_server_at_rest_sleeps_without_a_timeout"),
            *of("child/test_exit_watch.py", "test_of_many_ends_at_once_none_is_lost"),
        ),
    ),
    # ---- the way of output
    Row(
        23,
        "While nobody is attached a child's output is always drained, however much it is; only an attachment with "
        "overflow block may make it wait.",
        (
            *of(ATTACH, "test_a_child_that_nobody_is_attached_to_is_never_delayed"),
            *of(ATTACH, "test_detaching_lets_a_blocked_child_go_on"),
        ),
    ),
    Row(
        24,
        "Every byte, not every line, goes into the ring first and from there to the attachment, in order.",
        (
            *of(STREAM, "test_bytes_go_into_the_ring_whether_anybody_reads_along_or_not"),
            *of(READ, "test_reads_walk_through_the_ring_whether_attached_or_not"),
            *of(ATTACH, "test_an_attachment_gets_what_is_retained_first_and_then_what_is_live"),
        ),
    ),
    Row(
        25,
        "The ring drops its oldest bytes, and startOffset and missedBytes count what has gone, to the byte.",
        (
            *of(PROMISES, "test_each_stream_of_a_session_retains_a_mebibyte_of_its_own_and_counts_the_rest"),
            *of(LISTING, "test_information_counts_what_the_ring_has_dropped"),
        ),
    ),
    Row(
        26,
        "At the end of a stream its attachment is told ended and the reading stops, and the session lives on.",
        (
            *of(OUTPUT, "test_a_stream_may_end_while_the_child_lives_on"),
            *of(STREAM, "test_the_end_of_file_ends_the_watch_in_the_same_turn"),
        ),
    ),
    # ---- attach, detach, steal
    Row(
        27,
        "An attach is judged by session, stream, slot and offset, in this order; by the contract an exit is no reason "
        "to refuse.",
        of(PROMISES, "test_an_attach_is_refused_for_the_session_then_the_stream_then_the_slot_then_the_offset"),
    ),
    Row(
        28,
        "The answer to an attach tells where it begins and how much is gone; what is retained then comes as output "
        "before what is live, and is not consumed.",
        of(
            ATTACH,
            "test_the_answer_precedes_the_output_of_the_attachment",
            "test_an_attachment_gets_what_is_retained_first_and_then_what_is_live",
            "test_an_overwritten_offset_begins_at_the_oldest_byte_with_the_gap_counted",
        ),
    ),
    Row(
        29,
        "A second attach without steal is AlreadyAttached, and the first goes on as if nobody had asked.",
        of(PROMISES, "test_a_refused_second_attachment_leaves_the_first_its_output"),
    ),
    Row(
        30,
        "With steal the old attachment is told stolen, at its offset, and the new one takes the slot, on the wire too.",
        (
            *of(ATTACH, "test_a_stolen_attachment_is_told_before_the_first_byte_of_the_new_one"),
            *of(PROMISES, "test_each_thief_keeps_what_it_has_stolen"),
        ),
    ),
    Row(
        31,
        "A detach tells the attachment so, frees the slot and answers the next undelivered offset; by the contract it "
        "is NotAttached where there is nothing to detach.",
        of(
            ATTACH,
            "test_detach_tells_the_next_undelivered_byte_and_stops_the_output",
            "test_a_stream_that_is_not_attached_cannot_be_detached",
        ),
    ),
    Row(
        32,
        "A client leaves a session by detaching, and the ring goes on filling; one that disconnects ends its server, "
        "which belongs to it alone.",
        (
            *of(ATTACH, "test_what_the_child_writes_while_detached_is_counted_when_it_was_overwritten"),
            *of(LIFE, "test_the_end_of_input_ends_every_session_in_order_and_is_status_1"),
        ),
    ),
    Row(
        33,
        "Whether a stream is attached, whether it exists and how the child ended are members of SessionInfo, and news "
        "for nobody is no error.",
        (
            *of(SPAWN, "test_attach_names_the_streams_that_are_delivered"),
            *of(SPAWN, "test_merged_stderr_is_truly_interleaved_with_stdout"),
            *of(LISTING, "test_information_follows_a_session_through_its_life"),
            *of(EXIT, "test_exited_and_closed_come_though_nobody_is_attached"),
        ),
    ),
    Row(
        34,
        "session/read looks into the ring without consuming, as often as one likes and after the exit too; by the "
        "contract the stream has to be named.",
        (
            *of(READ, "test_a_read_answers_everything_about_what_it_found"),
            *of(READ, "test_what_was_overwritten_is_counted"),
            *of(READ, "test_reads_walk_through_the_ring_whether_attached_or_not"),
            *of(ERRORS, "test_a_missing_parameter_is_refused_and_named[session/read]"),
        ),
    ),
    # ---- stdin
    Row(
        35,
        "A write is answered with its length once all of it is in the pipe; writes are neither mixed nor reordered.",
        of(
            STDIN,
            "test_a_write_is_answered_when_its_last_byte_has_entered_the_pipe",
            "test_writes_keep_the_order_of_requests",
        ),
    ),
    Row(
        36,
        "To write nothing without closing is answered with 0 bytes, after the exit too.",
        of(STDIN, "test_to_write_nothing_is_no_error_even_after_close_and_exit"),
    ),
    Row(
        37,
        "close ends stdin behind the bytes, and whatever is written or closed later is StdinClosed.",
        of(STDIN, "test_close_comes_after_the_bytes", "test_nothing_can_be_written_after_close"),
    ),
    Row(
        38,
        "A write to a child that has closed its stdin or has ended is StdinClosed, and the server goes on.",
        of(STDIN, "test_a_child_that_closes_its_stdin_refuses_the_rest", "test_a_child_that_exits_refuses_the_rest"),
    ),
    # ---- terminate
    Row(
        39,
        "terminate sends SIGTERM to the group and answers at once; of an exited session it changes nothing that is "
        "told, and by the contract it kills what is left of the group.",
        of(
            TERMINATION,
            "test_terminate_is_answered_at_once_and_the_session_says_that_it_is_ending",
            "test_the_whole_group_is_told_to_end",
            "test_terminating_an_exited_session_changes_nothing_about_it",
            "test_after_the_exit_terminate_kills_what_is_left_of_the_group",
        ),
    ),
    Row(
        40,
        "A child that has not ended within its grace gets SIGKILL.",
        of(TERMINATION, "test_a_stubborn_child_is_killed_when_its_grace_is_over"),
    ),
    Row(
        41,
        "The grace is two seconds unless something else is asked for; by the contract 0 means none, and the "
        "attachments stay to hear the end.",
        of(
            TERMINATION,
            "test_the_default_grace_is_two_seconds",
            "test_a_grace_of_zero_kills_without_a_sigterm",
            "test_what_a_child_writes_as_its_farewell_is_delivered_before_its_exit",
        ),
    ),
    Row(
        42,
        "The outcome follows from what was asked and what was sent: nothing asked is natural, an end before SIGKILL is "
        "soft, an end by our SIGKILL is hard.",
        (
            *of(LIFECYCLE, "test_the_outcome_tells_whether_our_kill_ended_it"),
            *of(TERMINATION, "test_a_child_that_obeys_ends_softly"),
            *of(TERMINATION, "test_a_stubborn_child_is_killed_when_its_grace_is_over"),
            *of(TERMINATION, "test_a_death_by_a_strangers_signal_is_natural"),
        ),
    ),
    # ---- exit
    Row(
        43,
        "The exit is recorded once, before anybody is told, and every way of asking tells the same; attachments are "
        "told ended by their streams and session/exited tells the code.",
        (
            *of(EXIT, "test_information_wait_and_notification_tell_the_same_exit"),
            *of(SESSION, "test_output_then_ends_then_exit_then_close"),
        ),
    ),
    Row(
        44,
        "The exit is told behind every byte that the child itself wrote, and waits for no other holder of its pipes.",
        of(
            EXIT,
            "test_the_exit_never_overtakes_the_output",
            "test_exited_waits_for_no_grandchild_and_says_what_it_holds",
        ),
    ),
    Row(
        45,
        "Only a status that was really reaped becomes an exit: a report without one changes nothing.",
        (
            *of(
                SESSION,
                "test_a_report_that_any_child_has_ended_changes_nothing_where_it_was_another",
                "test_a_child_that_has_ended_and_cannot_be_reaped_is_asked_for_until_it_can_be",
            ),
            *of(
                "child/test_spawn.py",
                "test_reap_tells_nothing_while_the_child_lives_and_the_status_once_when_it_has_ended",
            ),
        ),
    ),
    Row(
        46,
        "An exited session stays in the list and readable until it is removed or purged, or until newer ones exceed "
        "the limit.",
        (
            *of(LISTING, "test_purge_forgets_what_is_over_and_counts_it"),
            *of(LISTING, "test_only_so_many_closed_sessions_are_remembered_the_newest"),
            *of(READ, "test_a_read_answers_everything_about_what_it_found"),
        ),
    ),
    # ---- registry
    Row(
        47,
        "Sessions are found, listed, removed and purged; an originator is matched as a whole, empty matches all, and "
        "the living are left alone.",
        (
            *of(
                LISTING,
                "test_a_list_of_one_originator",
                "test_a_session_that_is_over_is_removed",
                "test_a_running_session_is_not_removed",
                "test_purge_of_one_originator",
                "test_purge_forgets_what_is_over_and_counts_it",
            ),
            *of(TERMINATION, "test_terminate_all_ends_those_of_one_originator"),
        ),
    ),
    Row(
        48,
        "An id that no session has is SessionNotFound in every method that takes one.",
        of(ERRORS, "test_an_unknown_session_is_not_found"),
    ),
    Row(
        49,
        "shutdown ends every session, in order and within its grace, and so does every other end of the server.",
        of(
            LIFE,
            "test_shutdown_answers_when_no_process_of_any_session_is_left",
            "test_exit_leaves_nothing_running",
            "test_a_signal_ends_the_server_in_order",
        ),
    ),
)


FLAWS = (
    # ---- fidelity
    Row(
        1,
        "A last line without an end gets none: what is delivered and read is what was written.",
        of(PROMISES, "test_no_byte_is_invented_and_none_is_left_out"),
    ),
    Row(
        2,
        "Blank lines are bytes like others and all of them arrive.",
        (
            *of(PROMISES, "test_no_byte_is_invented_and_none_is_left_out"),
            *of(OUTPUT, "test_line_ends_and_control_characters_are_left_alone"),
        ),
    ),
    Row(
        3,
        "Carriage returns stay wherever a read divides them, and in base64 every value of a byte arrives as it was.",
        (
            *of(PROMISES, "test_no_byte_is_invented_and_none_is_left_out"),
            *of(PROMISES, "test_a_line_end_that_comes_in_two_reads_is_still_the_same_line_end"),
            *of(OUTPUT, "test_every_byte_value_arrives_unchanged"),
        ),
    ),
    Row(
        4,
        "Bytes are told when they are written: a prompt is seen and answered, and a progress bar moves.",
        of(
            PROMISES,
            "test_a_prompt_is_seen_and_answered_while_the_child_waits",
            "test_a_progress_bar_is_seen_while_it_moves",
        ),
    ),
    Row(
        5,
        "A notification takes what there is up to its limit, so that many short lines share one.",
        of(PROMISES, "test_notifications_are_as_large_as_what_there_is_and_not_as_a_line"),
    ),
    # ---- attaching
    Row(
        6,
        "What ends is one attachment, known by its id, so the victim's end cannot end the thief's.",
        (
            *of(PROMISES, "test_each_thief_keeps_what_it_has_stolen"),
            *of(ATTACH, "test_theft_after_theft_keeps_every_byte_of_the_last_thief"),
        ),
    ),
    Row(
        7,
        "The exit waits until the attachments have the child's last byte, in every order in which the two are found.",
        (
            *of(EXIT, "test_the_exit_never_overtakes_the_output"),
            *of(EXIT, "test_output_and_exit_that_are_found_together_are_told_in_order"),
            *of(EXIT, "test_a_client_that_does_not_read_delays_the_exit_and_loses_nothing"),
            *of(EVENT_ORDERS, "test_in_every_order_of_the_events_output_comes_before_exit_and_close_comes_last"),
        ),
    ),
    Row(
        8,
        "The end of a stream ends nothing else: session/exited is told of every session, attached or not.",
        (
            *of(OUTPUT, "test_a_stream_may_end_while_the_child_lives_on"),
            *of(EXIT, "test_the_exit_never_overtakes_the_output"),
            *of(EXIT, "test_exited_and_closed_come_though_nobody_is_attached"),
        ),
    ),
    Row(
        9,
        "Who watches a session that is terminated gets its last words and its exit code.",
        of(
            TERMINATION,
            "test_what_a_child_writes_as_its_farewell_is_delivered_before_its_exit",
            "test_a_child_that_handles_sigterm_ends_softly_with_its_own_code",
        ),
    ),
    Row(
        10,
        "Offsets count every byte from 0, and an attach that begins where the last one ended repeats nothing.",
        of(
            ATTACH,
            "test_detach_tells_the_next_undelivered_byte_and_stops_the_output",
            "test_detaching_and_resuming_in_the_flood_loses_and_repeats_nothing",
        ),
    ),
    Row(
        11,
        "Missed are only bytes that no attachment got, and the missedBytes of an answer are those of that request.",
        (
            *of(PROMISES, "test_bytes_that_were_delivered_are_never_told_as_missed"),
            *of(STREAM, "test_what_was_delivered_is_not_missed_when_it_goes"),
        ),
    ),
    Row(
        12,
        "Retained and live bytes come out of one ring by one cursor, so there is no seam where one could come twice.",
        (
            *of(ATTACH, "test_detaching_and_resuming_in_the_flood_loses_and_repeats_nothing"),
            *of(STREAM, "test_replay_and_live_output_are_one_path"),
            *of(DELIVERY, "test_delivered_and_missed_add_up_to_written_and_offsets_leave_no_gap"),
        ),
    ),
    Row(
        13,
        "Attaching takes nothing out of the ring: it can be read and attached to again from its beginning.",
        (
            *of(ATTACH, "test_a_session_that_has_exited_and_closed_can_be_attached_again_and_again"),
            *of(READ, "test_reads_walk_through_the_ring_whether_attached_or_not"),
        ),
    ),
    Row(
        14,
        "After the exit a session can still be attached, and gets what is retained and then its end.",
        of(ATTACH, "test_a_session_that_has_exited_and_closed_can_be_attached_again_and_again"),
    ),
    Row(
        15,
        "An attachment to a stream that has ended is told so at once, though the child lives.",
        of(PROMISES, "test_an_attachment_behind_the_end_of_its_stream_is_told_so_while_the_child_lives"),
    ),
    Row(
        16,
        "An attach in the moment of the exit gets all output and the end like any other.",
        of(PROMISES, "test_an_attachment_in_the_moment_of_the_exit_gets_everything_and_its_end"),
    ),
    Row(
        17,
        "Each end has a reason of its own and names its attachment; a shutdown is the reason of the exit; and a server "
        "has one client, so nobody else can detach.",
        (
            *of(ATTACH, "test_detach_tells_the_next_undelivered_byte_and_stops_the_output"),
            *of(ATTACH, "test_a_stolen_attachment_is_told_before_the_first_byte_of_the_new_one"),
            *of(LISTING, "test_a_running_session_is_killed_when_it_is_removed_by_force"),
            *of(TERMINATION, "test_shutdown_ends_every_session_and_says_so"),
        ),
    ),
    Row(
        18,
        "Bytes that a slow client lost are counted exactly in the next output that it gets.",
        (
            *of(OUTPUT, "test_drop_oldest_never_delays_the_child_and_counts_the_gap"),
            *of(STREAM, "test_drop_oldest_reads_on_and_the_gap_is_told_once"),
        ),
    ),
    Row(
        19,
        "The exit and the close of every session are told without being asked for, and session/wait waits for them.",
        (
            *of(
                EXIT,
                "test_exited_and_closed_come_though_nobody_is_attached",
                "test_children_that_all_exit_at_once_are_all_told",
            ),
            *of(LISTING, "test_a_wait_is_answered_with_the_exit"),
        ),
    ),
    # ---- flow control and resources
    Row(
        20,
        "Bytes for a child that does not read wait in a queue of their own; every other session and request goes on, "
        "the end of that child included.",
        (
            *of(STDIN, "test_a_child_that_never_reads_blocks_nobody"),
            *of(SESSION, "test_output_of_a_session_is_read_while_stdin_waits"),
        ),
    ),
    Row(
        21,
        "A write that fails tells how much went in, pendingBytes tells what waits, beyond the limit it is StdinFull, "
        "and a waiting write or close can be cancelled.",
        (
            *of(ERRORS, "test_stdin_closed_tells_how_much_was_written"),
            *of(STDIN, "test_a_write_is_answered_when_its_last_byte_has_entered_the_pipe"),
            *of(STDIN, "test_writes_that_wait_count_towards_the_limit"),
            *of(CANCEL, "test_a_write_that_was_cancelled_half_way_leaves_its_beginning"),
            *of(STDIN_PIPE, "test_a_cancelled_close_closes_nothing"),
        ),
    ),
    Row(
        22,
        "What a slow client has not read stays in the ring or in the child, and the server does not grow.",
        (
            *of(PROMISES, "test_a_client_that_reads_slowly_costs_no_memory"),
            *of(OUTPUT, "test_memory_stays_bounded_while_the_client_does_not_read"),
            *of(OUTPUT, "test_block_loses_nothing_when_the_client_does_not_read"),
        ),
    ),
    Row(
        23,
        "The ring is the only history: neither a long output nor many past sessions make the server grow.",
        (
            *of(PROMISES, "test_a_long_output_costs_no_more_than_its_ring_and_is_there_before_it_ends"),
            *of(OUTPUT, "test_memory_does_not_grow_with_the_sessions_that_have_come_and_gone"),
        ),
    ),
    Row(
        24,
        "Output without a line end costs and waits no more than any other.",
        (
            *of(PROMISES, "test_a_long_output_costs_no_more_than_its_ring_and_is_there_before_it_ends[cat /dev/zero]"),
            *of(OUTPUT, "test_a_long_output_without_a_newline_is_delivered_in_pieces"),
        ),
    ),
    Row(
        25,
        "Sessions add no threads, nothing is polled, and an exit wakes the server: at rest it makes no system call.",
        (
            *of(PROMISES, "test_sessions_add_no_thread_and_a_server_at_rest_sleeps_without_a_timeout"),
            *of(NEIGHBOUR, "test_an_idle_server_makes_no_system_calls"),
        ),
    ),
    Row(
        26,
        "Open and closed sessions, waiting stdin, graces and pending requests all have limits that are told.",
        (
            *of(SPAWN, "test_a_session_above_the_limit_is_refused_until_one_is_closed"),
            *of(LISTING, "test_only_so_many_closed_sessions_are_remembered_the_newest"),
            *of(REGISTRY, "test_of_closed_sessions_with_much_output_the_oldest_are_forgotten"),
            *of(STDIN, "test_a_write_above_the_limit_is_refused_whole"),
            *of(PROMISES, "test_no_grace_is_longer_than_the_limit_wherever_it_is_asked_for"),
            *of("server/test_pending.py", "test_a_full_table_refuses_one_more_until_one_is_answered"),
            *of(LIFE, "test_initialize_answers_who_the_server_is_and_what_it_can"),
        ),
    ),
    # ---- termination
    Row(
        27,
        "The hard kill goes to the whole group.",
        (
            *of(PROMISES, "test_a_kill_reaches_a_grandchild_that_is_as_stubborn_as_its_leader"),
            *of(LISTING, "test_removal_by_force_kills_the_whole_group"),
        ),
    ),
    Row(
        28,
        "The deadline outlives a leader that obeyed: what is left of its group is killed then.",
        (
            *of(TERMINATION, "test_what_is_left_of_the_group_is_killed_at_the_deadline"),
            *of(EVENT_ORDERS, "test_survivors_are_killed_at_the_deadline_whether_the_leader_ended_before_or_behind_it"),
        ),
    ),
    Row(
        29,
        "What leaves the group by setsid falls to the server as its orphan and ends with it at the latest.",
        (
            *of(LIFE, "test_a_daemon_of_a_session_does_not_outlive_the_server"),
            *of(PROMISES, "test_a_server_that_is_killed_under_its_guard_leaves_nothing_running"),
        ),
    ),
    Row(
        30,
        "The exit of the leader is told at once with the streams that others hold; their later output still comes, "
        "terminate ends them, and remove forgets the session without waiting for them.",
        (
            *of(EXIT, "test_exited_waits_for_no_grandchild_and_says_what_it_holds"),
            *of(TERMINATION, "test_after_the_exit_terminate_kills_what_is_left_of_the_group"),
            *of(LISTING, "test_a_session_that_a_grandchild_holds_open_can_be_removed"),
        ),
    ),
    Row(
        31,
        "Of several requests to end the earliest deadline holds, a shorter one escalates, and the state says "
        "terminating or killing meanwhile; taking it back is not offered.",
        (
            *of(TERMINATION, "test_a_second_shorter_grace_holds"),
            *of(TERMINATION, "test_a_second_longer_grace_changes_nothing"),
            *of(TERMINATION, "test_terminate_is_answered_at_once_and_the_session_says_that_it_is_ending"),
            *of(TERMINATION, "test_a_session_that_is_being_killed_says_so"),
            *of(LIFECYCLE, "test_the_earlier_deadline_holds"),
        ),
    ),
    Row(
        32,
        "The outcome is a fact of what was sent and how the child ended, on the monotonic clock; an end by itself "
        "within the grace is soft and a stranger's SIGKILL natural, because the contract defines them so.",
        (
            *of(WALL_CLOCK, "test_a_jump_moves_neither_the_time_limit_nor_the_kill_nor_the_duration"),
            *of(WALL_CLOCK, "test_a_jump_makes_no_hard_kill_of_a_soft_end"),
            *of(WALL_CLOCK, "test_a_jump_makes_no_session_older_or_younger"),
            *of(LIFECYCLE, "test_the_outcome_tells_whether_our_kill_ended_it"),
            *of(LOOP, "test_the_clock_of_a_loop_is_the_monotonic_one"),
            *of(TERMINATION, "test_a_death_by_a_strangers_signal_is_natural"),
        ),
    ),
    Row(
        33,
        "A grace of 0 can be asked for and means the same for one session and for all of them.",
        (
            *of(TERMINATION, "test_a_grace_of_zero_kills_without_a_sigterm"),
            *of(PROMISES, "test_a_grace_of_zero_kills_at_once_when_all_are_terminated_too"),
        ),
    ),
    Row(
        34,
        "The server's end gives every session its grace first and leaves nothing running, even where the server or its "
        "guard is killed.",
        (
            *of(TERMINATION, "test_shutdown_ends_every_session_and_says_so"),
            *of(LIFE, "test_exit_gives_every_session_its_grace_and_tells_its_end"),
            *of(LIFE, "test_shutdown_answers_when_no_process_of_any_session_is_left"),
            *of(LIFE, "test_a_server_that_is_killed_leaves_nothing_running"),
            *of(PROMISES, "test_a_server_that_is_killed_under_its_guard_leaves_nothing_running"),
        ),
    ),
    Row(
        35,
        "Nobody else can take a child's status away, not even a parent that ignored SIGCHLD, and the pid that is told "
        "is the child's.",
        (
            *of(SPAWN, "test_an_inherited_ignored_sigchld_hides_no_exit_code"),
            *of(SPAWN, "test_the_pid_is_that_of_the_child_itself"),
            *of("child/test_spawn.py", "test_a_child_that_ends_at_once_is_still_ours_to_reap"),
        ),
    ),
    # ---- errors and interface
    Row(
        36,
        "Every mistake has its own code and name: a wrong parameter, a missing program, a missing directory, a closed "
        "stdin; and exit code 127 is told as such.",
        (
            *of(ERRORS, "test_each_error_has_its_code_its_name_and_a_sentence"),
            *of(MALFORMED, f"{WRONG}[argv empty]"),
            *of(SPAWN, "test_spawn_failed_tells_what_failed_and_where"),
            *of(SPAWN, "test_a_missing_program_and_a_missing_directory_tell_themselves_apart"),
            *of(STDIN, "test_a_child_that_closes_its_stdin_refuses_the_rest"),
            *of(EXIT, "test_an_exit_code_is_told_as_it_is[127]"),
        ),
    ),
    Row(
        37,
        "mergeStderr gives the child one pipe for both, so the order is that of its writes; between two separate "
        "streams the contract promises no common order.",
        (
            *of(SPAWN, "test_merged_stderr_is_truly_interleaved_with_stdout"),
            *of("child/test_spawn.py", "test_with_merge_stderr_both_are_one_pipe"),
        ),
    ),
    Row(
        38,
        "The list has the oldest first, cwd is the real one, command is quoted, and stdin, offsets and usage are told; "
        "text is Unicode as JSON has it, and what is none is refused rather than changed.",
        (
            *of(LISTING, "test_a_list_has_the_oldest_first_and_tells_what_information_tells"),
            *of(WALL_CLOCK, "test_sessions_stay_in_the_order_of_their_spawns_with_an_id_of_their_own"),
            *of(SPAWN, "test_the_answer_describes_the_new_session_exactly"),
            *of(SPAWN, "test_the_command_defaults_to_argv_quoted_as_a_shell_would"),
            *of(SPAWN, "test_argv_reaches_the_program_without_a_shell"),
            *of(LISTING, "test_information_follows_a_session_through_its_life"),
            *of(EXIT, "test_the_usage_of_time_and_memory_is_that_of_the_child"),
            *of(MALFORMED, "test_a_lone_surrogate_where_bytes_are_needed_is_a_wrong_parameter"),
        ),
    ),
    Row(
        39,
        "Frames of many mebibytes pass both ways, a request above the frame limit is answered before the server ends "
        "in order, and no idle timer ends a connection.",
        (
            *of(PROMISES, "test_requests_and_answers_of_more_than_four_mebibytes_are_ordinary"),
            *of(PROMISES, "test_sessions_add_no_thread_and_a_server_at_rest_sleeps_without_a_timeout"),
            *of(MALFORMED, "test_a_body_of_exactly_the_frame_limit_is_accepted"),
            *of(
                MALFORMED,
                "test_a_lost_boundary_is_answered_once_and_the_server_ends_in_order[length one above the frame limit]",
            ),
        ),
    ),
    Row(
        40,
        "Live frames are read by every end-to-end test, and an oracle that is shown to find each breach judges them.",
        (
            *of(ORACLE, "test_a_breach_is_found", "test_a_correct_conversation_passes"),
            *of(ATTACH, "test_an_attachment_gets_what_is_retained_first_and_then_what_is_live"),
        ),
    ),
)
