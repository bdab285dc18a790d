"""F: the client, its pipes, and the ends of client and server."""

from __future__ import annotations

from tests.house.failures.row import (
    BURSTS,
    CGROUP_TREE,
    CLIENT_WATCH,
    CRUMBS,
    DESCRIPTOR,
    ENDING,
    GUARD,
    HARD_KILLS,
    HOSTILE_CLIENTS,
    LIMITS,
    LOG,
    ORPHANS,
    PRIVACY,
    PROBLEM_BOARD,
    SHORTAGE,
    SIGNALS,
    STDIO,
    TRANSPORT,
    WIRE,
    Row,
)
from tests.house.proofs import LIFE, NEIGHBOUR, OUTPUT, PROMISES, PUMP, TERMINATION, of

ENDED = "test_whatever_else_ends_the_server_at_whatever_moment_nothing_is_left"

ROWS = (
    Row(
        "F01",
        "A client that stops reading stops neither its requests nor other sessions; its output waits in rings and "
        "pipes, and memory stays bounded.",
        (
            *of(OUTPUT, "test_block_loses_nothing_when_the_client_does_not_read"),
            *of(OUTPUT, "test_memory_stays_bounded_while_the_client_does_not_read"),
            *of(LIMITS, "test_answers_up_to_max_outbound_bytes_hold_up_nothing"),
            *of(PUMP, "test_with_a_stalled_client_no_more_is_made_than_the_low_water_mark_and_one_frame"),
            *of(HOSTILE_CLIENTS, "test_a_client_that_does_not_read_costs_the_rings_and_loses_nothing[never reads]"),
        ),
    ),
    Row(
        "F02",
        "A client may write much without reading: requests are read up to --max-outbound-bytes of unread answers, and "
        "who then reads nothing for --flush-timeout-ms is given up.",
        (
            *of(OUTPUT, "test_a_client_may_write_much_without_reading_anything"),
            *of(LIMITS, "test_who_leaves_more_than_max_outbound_bytes_unread_is_given_up"),
            *of(TRANSPORT, "test_megabytes_of_bodies_are_read_while_nothing_can_be_written"),
            *of(
                HOSTILE_CLIENTS,
                "test_requests_without_end_and_not_one_read_are_all_answered",
                "test_answers_beyond_the_limit_stop_the_requests_and_then_end_the_connection",
            ),
        ),
    ),
    Row(
        "F03",
        "The end of input ends every session in order and then the server, with status 0 after shutdown and else 1.",
        (
            *of(
                LIFE,
                "test_the_end_of_input_ends_every_session_in_order_and_is_status_1",
                "test_the_end_of_input_after_shutdown_is_status_0",
            ),
            *of(HARD_KILLS, f"{ENDED}[the end of input]"),
        ),
    ),
    Row(
        "F04",
        "A closed stdout is the end of the client though stdin stays open, and is noticed with nothing to write.",
        (
            *of(LIFE, "test_a_closed_stdout_ends_the_server_though_its_stdin_stays_open"),
            *of(TRANSPORT, "test_a_hang_up_is_noticed_when_there_is_nothing_to_write"),
            *of(HARD_KILLS, f"{ENDED}[a closed stdout]"),
        ),
    ),
    Row(
        "F05",
        "Requests that are followed at once by the end of input are all answered before the server ends.",
        of(
            WIRE,
            "test_requests_followed_at_once_by_the_end_of_input_are_all_answered",
            "test_requests_that_are_pending_at_the_end_of_input_are_answered",
        ),
    ),
    Row(
        "F06",
        "The end of processId ends the server though somebody else holds its stdin open.",
        (
            *of(LIFE, "test_the_end_of_process_id_ends_the_server_in_order"),
            *of(
                HARD_KILLS,
                f"{ENDED}[the end of the client's process]",
            ),
        ),
    ),
    Row(
        "F07",
        "A processId that has gone, is a zombie or never was ends the server in order, null watches nobody, and what "
        "is no process id is -32602.",
        (
            *of(LIFE, "test_a_process_id_that_nobody_has_reaped_yet_counts_as_ended"),
            *of(LIFE, "test_a_process_id_that_has_gone_ends_the_server_in_order"),
            *of(LIFE, "test_initialize_refuses_a_wrong_value_of_its_own_and_may_be_tried_again"),
            *of(LIFE, "test_initialize_is_lenient_about_everything_that_is_not_its_own"),
            *of(CLIENT_WATCH, "test_a_process_that_there_never_was_has_ended"),
            *of(CLIENT_WATCH, "test_the_end_is_told_once_though_nobody_has_reaped_it"),
        ),
    ),
    Row(
        "F08",
        "SIGTERM, SIGINT and SIGHUP end the server in order, and a second one kills what is left at once.",
        of(
            LIFE,
            "test_a_signal_ends_the_server_in_order",
            "test_a_second_signal_kills_what_is_left_at_once",
            "test_a_signal_to_the_whole_group_ends_the_server_in_order_too",
        ),
    ),
    Row(
        "F09",
        "A signal wakes a loop that sleeps without an end.",
        of(
            SIGNALS,
            "test_a_signal_from_outside_ends_a_sleep_that_has_no_other_end",
            "test_a_burst_that_fills_the_wake_up_pipe_wakes_the_loop_without_a_warning",
        ),
    ),
    Row(
        "F10",
        "A server that is killed, at whatever moment, leaves nothing running, as its guard kills all that falls to it.",
        (
            *of(LIFE, "test_a_server_that_is_killed_leaves_nothing_running"),
            *of(GUARD, "test_when_the_server_is_killed_nothing_is_left_and_soon"),
            *of(PROMISES, "test_a_server_that_is_killed_under_its_guard_leaves_nothing_running"),
            *of(HARD_KILLS, "test_whatever_is_killed_at_whatever_moment_nothing_is_left[the server is killed]"),
        ),
    ),
    Row(
        "F11",
        "A server whose guard is killed is sent SIGTERM and ends in order, and leaves nothing, at whatever moment "
        "that is.",
        (
            *of(GUARD, "test_when_the_guard_is_killed_the_server_ends_in_order"),
            *of(HARD_KILLS, "test_whatever_is_killed_at_whatever_moment_nothing_is_left[the guard is killed]"),
        ),
    ),
    Row(
        "F12",
        "SIGKILL to the whole group of the client's child leaves nothing running, as the server is in a kernel session "
        "of its own.",
        (
            *of(LIFE, "test_a_whole_group_that_is_killed_leaves_nothing_running"),
            *of(HARD_KILLS, "test_whatever_is_killed_at_whatever_moment_nothing_is_left[the group is killed]"),
        ),
    ),
    Row(
        "F13",
        "What server and guard leave when both are killed in one instant is killed by the next start where there are "
        "control groups, and is a limit that the README tells where there are none.",
        (
            *of(
                GUARD,
                "test_what_both_left_when_they_were_killed_at_once_ends_with_the_next_start",
                "test_a_server_that_is_started_beside_another_leaves_it_alone",
            ),
            *of(CGROUP_TREE, "test_what_a_server_left_that_is_gone_is_killed_and_removed"),
        ),
    ),
    Row(
        "F14",
        "Only the server asks for a signal at its parent's end, from its one thread, and looks whether the guard has "
        "ended before it could ask.",
        (
            *of(
                GUARD,
                "test_a_server_whose_guard_ends_is_sent_sigterm",
                "test_a_server_whose_guard_has_ended_already_never_starts",
            ),
            *of(HARD_KILLS, "test_a_server_that_is_killed_while_it_starts_leaves_nothing"),
        ),
    ),
    Row(
        "F15",
        "Orphans that were adopted are reaped as they end.",
        (
            *of(ORPHANS, "test_of_many_that_end_at_once_none_stays_a_zombie"),
            *of(GUARD, "test_an_orphan_that_ends_while_the_server_lives_leaves_no_zombie"),
            *of(BURSTS, "test_a_storm_of_orphans_leaves_no_zombie"),
        ),
    ),
    Row(
        "F16",
        "The flags of inherited descriptors are left as found, while the server runs and after it, even after a kill.",
        (
            *of(NEIGHBOUR, "test_the_flags_of_inherited_descriptors_are_left_as_found"),
            *of(NEIGHBOUR, "test_the_flags_of_inherited_descriptors_are_left_as_found_by_a_server_that_is_killed"),
            *of(DESCRIPTOR, "test_a_terminal_is_opened_anew_for_the_same_access_and_is_then_our_own"),
        ),
    ),
    Row(
        "F17",
        "stdin may be a regular file or /dev/null, which no kernel waits for.",
        of(WIRE, "test_stdin_may_be_a_regular_file", "test_stdin_may_be_an_empty_device"),
    ),
    Row(
        "F18",
        "stdout may be a file; a closed one is status 1 with a word on stderr; a terminal on stdin is told what is "
        "waited for, and may be left by Ctrl-D.",
        (
            *of(WIRE, "test_stdout_may_be_a_regular_file"),
            *of(LIFE, "test_a_closed_stdout_is_told_on_stderr"),
            *of(NEIGHBOUR, "test_a_terminal_on_stdin_gets_a_friendly_word_on_stderr_and_no_frame"),
        ),
    ),
    Row(
        "F19",
        "Whatever a library, a child or the interpreter prints goes to stderr, and stdout holds frames alone.",
        (
            *of(NEIGHBOUR, "test_whatever_a_library_prints_no_byte_of_it_reaches_stdout"),
            *of(STDIO, "test_whatever_is_printed_goes_to_stderr_and_nothing_is_read_from_the_client"),
        ),
    ),
    Row(
        "F20",
        "A log that nobody reads loses lines, counts them, and holds up nothing.",
        (
            *of(NEIGHBOUR, "test_a_stderr_that_nobody_reads_holds_up_nothing"),
            *of(LOG, "test_lines_that_find_no_room_are_dropped_and_counted_by_the_next"),
            *of(PRIVACY, "test_a_fifo_that_nobody_empties_holds_up_nothing"),
            *of(SHORTAGE, "test_a_stderr_that_nobody_reads_stops_nobody"),
        ),
    ),
    Row(
        "F21",
        "A frame that was written in part goes on exactly where it stopped.",
        (
            *of(TRANSPORT, "test_frames_survive_any_number_of_partial_writes_in_order"),
            *of(
                "properties/test_outbound_partial_writes.py", "test_frames_through_a_full_pipe_arrive_as_they_were_sent"
            ),
            *of(
                CRUMBS,
                "test_a_conversation_in_crumbs_is_the_same[pwritev-1]",
                "test_a_conversation_in_crumbs_is_the_same[preadv-1]",
            ),
            *of(SHORTAGE, "test_frames_are_whole_however_small_the_pieces_in_which_they_are_sent_and_read"),
        ),
    ),
    Row(
        "F22",
        "A client that reads slowly costs no memory and is never given up.",
        (
            *of(PROMISES, "test_a_client_that_reads_slowly_costs_no_memory"),
            *of(TRANSPORT, "test_a_client_that_reads_slowly_is_never_given_up"),
            *of(ENDING, "test_a_client_that_reads_slowly_is_given_time_for_the_last_frames"),
            *of(
                HOSTILE_CLIENTS,
                "test_a_client_that_does_not_read_costs_the_rings_and_loses_nothing[reads a byte at a time]",
            ),
        ),
    ),
    Row(
        "F23",
        "A server that was stopped beyond a deadline first takes note of what ended meanwhile, and then kills what "
        "did not.",
        of(
            TERMINATION,
            "test_a_server_that_was_stopped_beyond_a_deadline_takes_nothing_that_happened_meanwhile_amiss",
        ),
    ),
    Row(
        "F24",
        "Two servers on one stdin each get a part of every frame, which neither can notice.",
        unproven="A pipe with two readers has no promise to keep; whoever starts servers gives each its own.",
    ),
    Row(
        "F25",
        "Elsewhere than on Linux and macOS it says so in one line on stderr and ends with status 2.",
        of("cli/test_main.py", "test_another_system_gets_one_clear_line_and_status_2"),
    ),
    Row(
        "F26",
        "A proxy that records passes on what is no frame as well, and whatever a client says of the environment stays "
        "out of its file.",
        (
            *of("cli/test_record.py", "test_every_byte_passes_whatever_it_means"),
            *of("conversation/test_recorder.py", "test_values_of_the_environment_are_nowhere"),
        ),
    ),
    Row(
        "F27",
        "A recording held against a server that is wrong, dies or says nothing shows the first difference and ends.",
        of(
            "cli/test_replay.py",
            "test_a_difference_is_found_at_its_line_and_shown",
            "test_a_server_that_says_nothing_is_given_up_at_the_deadline",
            "test_a_server_that_dies_is_told_apart_with_its_last_words",
        ),
    ),
    Row(
        "F28",
        "A client that reads nothing is told no diagnostics meanwhile, and later only what is so then.",
        of(PROBLEM_BOARD, "test_who_reads_nothing_is_told_nothing_and_later_only_what_is_so_then"),
    ),
)
