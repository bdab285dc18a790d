"""J: clocks, logs, files, and what others may have put there."""

from __future__ import annotations

from tests.house.failures.row import CALLS, FAILS, FORBIDDEN, LOG, PRIVACY, SHORTAGE, SURROUNDINGS, TRANSPORT, Row
from tests.house.proofs import NEIGHBOUR, SPAWN, WALL_CLOCK, of

ROWS = (
    Row(
        "J01",
        "A jump of the wall clock moves no deadline, changes no outcome, and leaves sessions in their order.",
        of(
            WALL_CLOCK,
            "test_a_jump_moves_neither_the_time_limit_nor_the_kill_nor_the_duration",
            "test_a_jump_makes_no_session_older_or_younger",
            "test_sessions_stay_in_the_order_of_their_spawns_with_an_id_of_their_own",
        ),
    ),
    Row(
        "J02",
        "A grace that a suspended machine sleeps through is longer by that, as the monotonic clock of Linux stands "
        "still.",
        unproven="No test can suspend the machine that it runs on.",
    ),
    Row(
        "J03",
        "A log file is written only where one is asked for, is its owner's only, appended to and never a link; it is "
        "not rotated, and at its default level grows with failures alone.",
        (
            *of(PRIVACY, "test_an_old_log_file_of_any_mode_becomes_its_owners_only"),
            *of(PRIVACY, "test_a_log_file_that_is_a_link_is_refused_whatever_it_leads_to"),
            *of(NEIGHBOUR, "test_a_log_file_is_for_its_owner_only", "test_a_log_file_is_appended_to"),
            *of(NEIGHBOUR, "test_a_server_makes_no_file_and_listens_to_nobody"),
        ),
    ),
    Row(
        "J04",
        "Values of env, argv and stdin stand in no log and no error, even where our own code fails with them in hand.",
        (
            *of(PRIVACY, "test_what_is_given_to_a_session_is_in_no_log_and_no_error_at_any_level"),
            *of(PRIVACY, "test_a_failure_that_ends_the_server_says_where_and_not_what_was_given_to_it"),
            *of(NEIGHBOUR, "test_environment_values_and_stdin_data_appear_in_no_log_and_no_error"),
        ),
    ),
    Row(
        "J05",
        "There is no socket that a stranger could connect to: a server has its client's descriptors and no others.",
        (
            *of(NEIGHBOUR, "test_a_server_makes_no_file_and_listens_to_nobody"),
            *of(FORBIDDEN, "test_no_socket_is_made"),
        ),
    ),
    Row(
        "J06",
        "The one path that a server writes to is --log-file, and what waits there as a link, a directory or a FIFO "
        "that nobody reads is refused.",
        of(
            PRIVACY,
            "test_a_log_file_that_is_a_link_is_refused_whatever_it_leads_to",
            "test_a_log_file_that_is_a_directory_is_refused",
            "test_a_log_file_that_is_a_fifo_which_nobody_reads_is_refused_and_not_waited_for",
        ),
    ),
    Row(
        "J07",
        "Modules in the working directory are imported neither at the start nor at first use, by server, guard or "
        "client.",
        (
            *of(PRIVACY, "test_a_server_in_a_hostile_directory_imports_nothing_from_it_early_or_late"),
            *of(PRIVACY, "test_a_command_in_a_hostile_directory_imports_nothing_from_it"),
            *of(PRIVACY, "test_a_guard_in_a_hostile_directory_cleans_up_as_anywhere"),
        ),
    ),
    Row(
        "J08",
        "What the environment tells interactive interpreters is not run, what it tells Python disturbs no "
        "conversation, and children have it as it is; PYTHONPATH and LD_PRELOAD are the choice of whoever starts the "
        "server.",
        (
            *of(PRIVACY, "test_what_the_environment_tells_interactive_pythons_is_not_run"),
            *of(SPAWN, "test_the_server_adds_nothing_to_the_inherited_environment"),
            *of(SURROUNDINGS, "test_no_variable_of_the_environment_disturbs_a_conversation"),
        ),
    ),
    Row(
        "J09",
        "Where memory runs out the request that asked for it is refused, nothing is left of it, and the server lives.",
        (
            *of("buffers/test_ring.py", "test_a_ring_for_which_there_is_no_memory_is_told_when_it_is_made"),
            *of("session/test_registry.py", "test_a_child_for_which_no_session_can_be_built_is_not_left_behind"),
            *of(SHORTAGE, "test_what_needs_more_memory_than_there_is_is_refused"),
            *of(
                CALLS,
                f"{FAILS}[buffers/ring.py mmap.mmap spawn is refused at call 1 ENOMEM]",
                f"{FAILS}[buffers/ring.py mmap.mmap spawn is refused at call 2 ENOMEM]",
            ),
        ),
    ),
    Row(
        "J10",
        "A log on a full disk loses lines and nothing else, and a full stdout is the end of the client.",
        (
            *of(NEIGHBOUR, "test_a_log_file_on_a_full_disk_holds_up_nothing"),
            *of(LOG, "test_a_full_disk_drops_lines_and_nothing_else"),
            *of(TRANSPORT, "test_a_full_disk_is_the_end_of_the_client"),
            *of(
                SHORTAGE,
                "test_a_log_on_a_full_disk_is_lost_and_nothing_else",
                "test_a_log_that_may_not_grow_is_lost_and_nothing_else",
            ),
            *of(CALLS, f"{FAILS}[loop/descriptor.py os.pwritev log_line_is_dropped EINTR]"),
        ),
    ),
    Row(
        "J11",
        "The interpreter's own way out prints nothing, since nobody takes it: what was written is written, and the "
        "process ends.",
        of(NEIGHBOUR, "test_whatever_a_library_prints_no_byte_of_it_reaches_stdout"),
    ),
    Row(
        "J12",
        "What a client sends is quoted in the log, so that it neither steers a terminal nor begins a line.",
        (
            *of(PRIVACY, "test_no_text_of_a_client_steers_the_terminal_that_shows_the_log"),
            *of("server/test_endpoint.py", "test_what_a_client_sends_cannot_steer_the_terminal_that_shows_the_log"),
        ),
    ),
)
