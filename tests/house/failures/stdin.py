"""E: the stdin of a child."""

from __future__ import annotations

from tests.house.failures.row import HOSTILE_CHILDREN, WRONG, Row
from tests.house.proofs import ERRORS, LOOP, MALFORMED, SPAWN, STDIN, STDIN_PIPE, of

ROWS = (
    Row(
        "E01",
        "A child that never reads holds up nobody; beyond --max-stdin-bytes a write is StdinFull as a whole.",
        (
            *of(
                STDIN,
                "test_a_child_that_never_reads_blocks_nobody",
                "test_a_write_above_the_limit_is_refused_whole",
                "test_writes_that_wait_count_towards_the_limit",
            ),
            *of(HOSTILE_CHILDREN, "test_children_that_do_not_read_hold_what_was_written_and_then_read_it_whole"),
        ),
    ),
    Row(
        "E02",
        "What the pipe did not take of a write follows in order, however little it holds.",
        of(
            STDIN,
            "test_ten_mebibytes_through_cat_arrive_unchanged",
            "test_nothing_depends_on_how_much_a_pipe_holds",
        ),
    ),
    Row(
        "E03",
        "Writes enter the pipe in the order of their requests, and none within another.",
        (
            *of(STDIN, "test_writes_keep_the_order_of_requests"),
            *of(STDIN_PIPE, "test_writes_are_neither_reordered_nor_mixed"),
        ),
    ),
    Row(
        "E04",
        "A close waits behind the bytes that were written before it.",
        of(STDIN, "test_close_comes_after_the_bytes"),
    ),
    Row(
        "E05",
        "A child that closes its stdin makes waiting and later writes StdinClosed with what had gone in; by the "
        "contract the answer tells it and no notification, and nothing spins.",
        (
            *of(STDIN, "test_a_child_that_closes_its_stdin_refuses_the_rest"),
            *of(LOOP, "test_a_paused_writer_is_silent_after_its_reader_is_gone"),
            *of(STDIN_PIPE, "test_a_full_pipe_costs_no_turns_while_nothing_is_queued"),
        ),
    ),
    Row(
        "E06",
        "Writes after a close and after the exit are StdinClosed, and to write nothing is never an error.",
        of(
            STDIN,
            "test_nothing_can_be_written_after_close",
            "test_a_child_that_exits_refuses_the_rest",
            "test_to_write_nothing_is_no_error_even_after_close_and_exit",
        ),
    ),
    Row(
        "E07",
        "After the exit nothing is written to a survivor that still holds stdin.",
        of(STDIN, "test_after_the_exit_nothing_is_written_to_a_survivor_that_holds_stdin"),
    ),
    Row(
        "E08",
        "A write of no bytes is answered, and one that is no base64 or no text is -32602 and writes nothing.",
        (
            *of(STDIN, "test_bytes_enter_the_child_as_they_are", "test_what_is_not_base64_is_a_wrong_parameter"),
            *of(MALFORMED, "test_a_lone_surrogate_to_write_is_refused_and_nothing_is_written"),
            *of(MALFORMED, f"{WRONG}[write data a list]", f"{WRONG}[write encoding unknown]"),
        ),
    ),
    Row(
        "E09",
        "End of file reaches a child as soon as its stdin is closed, however many sessions and the guard live beside "
        "it.",
        of(STDIN, "test_many_idle_sessions_hold_up_no_end_of_file"),
    ),
    Row(
        "E10",
        "The server ignores SIGPIPE for itself alone: a reader that goes away is an error that is told.",
        (
            *of(ERRORS, "test_stdin_closed_tells_how_much_was_written"),
            *of(SPAWN, "test_a_child_dies_of_sigpipe_like_any_other"),
            *of(
                "loop/test_descriptor.py", "test_every_way_of_losing_the_reader_is_a_broken_pipe_that_keeps_its_number"
            ),
        ),
    ),
)
