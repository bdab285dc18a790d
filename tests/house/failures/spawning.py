"""D: starting a child."""

from __future__ import annotations

from tests.house.failures.row import (
    CALLS,
    CGROUP,
    CHILD_SPAWN,
    CONTAINMENT,
    ENVIRONMENT,
    FAILS,
    FEW_DESCRIPTORS,
    FORBIDDEN,
    GUARD,
    LAUNCHING,
    NO_SPAWN,
    RESOURCE_LIMITS,
    SHORTAGE,
    STDIO,
    WRONG,
    Row,
)
from tests.house.proofs import ERRORS, EXIT, LIFE, MALFORMED, NEIGHBOUR, PROMISES, REGISTRY, SPAWN, of

ROWS = (
    Row(
        "D01",
        "A program that cannot be found or executed is SpawnFailed with the errno, the path and stage exec; no id, "
        "descriptor or process is left of it.",
        of(
            SPAWN,
            f"{NO_SPAWN}[a missing program in PATH]",
            f"{NO_SPAWN}[a missing program by path]",
            f"{NO_SPAWN}[a file that is not executable]",
            f"{NO_SPAWN}[a directory as the program]",
            f"{NO_SPAWN}[a loop of links]",
            f"{NO_SPAWN}[a name that is too long]",
            "test_spawns_that_fail_leave_no_descriptor_and_no_process",
            "test_a_spawn_that_fails_takes_no_session_id",
        ),
    ),
    Row(
        "D02",
        "A file without an interpreter line is ENOEXEC, and no shell takes its place.",
        of(SPAWN, f"{NO_SPAWN}[a script without an interpreter line]"),
    ),
    Row(
        "D03",
        "A script whose interpreter is missing is told as such, and not as a missing script.",
        (
            *of(SPAWN, f"{NO_SPAWN}[a script with a missing interpreter]"),
            *of("session/test_spawning.py", "test_a_failed_spawn_says_what_to_do"),
        ),
    ),
    Row(
        "D04",
        "A program that is still being written is SpawnFailed with ETXTBSY at once, as every spawn is answered in the "
        "turn that reads it; to try again is the client's.",
        of(SPAWN, "test_a_program_that_is_still_written_to_cannot_run_and_can_a_moment_later"),
    ),
    Row(
        "D05",
        "A working directory that is missing, no directory, empty or no text is told apart from a missing program.",
        (
            *of(SPAWN, f"{NO_SPAWN}[a missing directory]", f"{NO_SPAWN}[a file as the directory]"),
            *of(SPAWN, "test_a_missing_program_and_a_missing_directory_tell_themselves_apart"),
            *of(MALFORMED, f"{WRONG}[cwd with NUL]"),
            *of("server/handlers/test_lives.py", "TestSpawn::test_what_cannot_be_is_refused_and_nothing_is_started"),
            *of(MALFORMED, "test_a_lone_surrogate_where_bytes_are_needed_is_a_wrong_parameter[cwd]"),
        ),
    ),
    Row(
        "D06",
        "An argument that is longer than the kernel takes is E2BIG.",
        of(SPAWN, f"{NO_SPAWN}[an argument that is too long]"),
    ),
    Row(
        "D07",
        "Wherever descriptors run out in a spawn it fails as a whole, leaves none open, and works again later.",
        (
            *of(
                CHILD_SPAWN,
                "test_wherever_descriptors_run_out_a_spawn_fails_as_a_whole_and_works_again_when_there_are_some",
            ),
            *of(SPAWN, "test_too_many_sessions_are_refused_and_the_others_live"),
            *of(FEW_DESCRIPTORS, "test_a_server_with_few_descriptors_serves_what_it_can"),
            *of(
                CALLS,
                f"{FAILS}[child/spawn.py os.pipe spawn is refused at call 2 EMFILE]",
                f"{FAILS}[child/spawn.py os.pipe spawn is refused at call 3 EMFILE]",
                f"{FAILS}[child/spawn.py os.pidfd_open spawn is refused at call 1 EMFILE]",
                f"{FAILS}[child/spawn.py subprocess.Popen.__init__ spawn is refused at call 4 EMFILE]",
            ),
        ),
    ),
    Row(
        "D08",
        "A fork that the system refuses is SpawnFailed at stage fork, and nothing is left of it.",
        (
            *of(CHILD_SPAWN, "test_a_fork_that_fails_is_told_as_the_system_s"),
            *of("session/test_spawning.py", "test_a_system_without_room_says_so"),
            *of(CALLS, f"{FAILS}[child/spawn.py subprocess.Popen.__init__ spawn is refused at call 1 EAGAIN]"),
            *of(SHORTAGE, "test_a_user_without_room_for_another_process_is_refused_one"),
        ),
    ),
    Row(
        "D09",
        "A NUL in argv or env and a = in a name are -32602 at their path.",
        of(
            MALFORMED,
            f"{WRONG}[argv[1] with NUL]",
            f"{WRONG}[env value with NUL]",
            f"{WRONG}[env name with NUL]",
            f"{WRONG}[env name with =]",
        ),
    ),
    Row(
        "D10",
        "An empty name in env is -32602 rather than a variable without a name.",
        of(MALFORMED, f"{WRONG}[env name empty]"),
    ),
    Row(
        "D11",
        "An argv that is empty, a string, or holds anything but strings is -32602, and nothing is made a list of it.",
        of(
            MALFORMED,
            f"{WRONG}[argv empty]",
            f"{WRONG}[argv[0] empty]",
            f"{WRONG}[argv a string]",
            f"{WRONG}[argv[0] a number]",
            f"{WRONG}[argv[1] null]",
            f"{WRONG}[argv[1] a list]",
            f"{WRONG}[argv[1] true]",
        ),
    ),
    Row(
        "D12",
        "Half a surrogate pair is no text, and -32602 wherever the system needs bytes.",
        (
            *of(MALFORMED, "test_a_lone_surrogate_where_bytes_are_needed_is_a_wrong_parameter"),
            *of(ERRORS, "test_a_lone_surrogate_is_no_text"),
        ),
    ),
    Row(
        "D13",
        "argv[0] is looked up in the PATH of the child, or with a slash from the child's directory.",
        of(
            SPAWN,
            "test_the_program_is_looked_up_in_the_path_of_the_child",
            "test_a_program_with_a_slash_is_relative_to_the_directory_of_the_child",
        ),
    ),
    Row(
        "D14",
        "A program that the kernel is slow to open, as on a file system that hangs, holds up the whole server so long, "
        "as vfork does by design, and nothing is lost by it.",
        of(SPAWN, "test_a_program_that_the_kernel_is_slow_to_open_holds_up_the_others_and_loses_nothing_of_them"),
    ),
    Row(
        "D15",
        "preexec_fn is never used, so a spawn costs the same from a large server.",
        of(FORBIDDEN, "test_no_child_is_started_in_a_way_that_costs_or_leaks[preexec_fn]"),
    ),
    Row(
        "D16",
        "A child has descriptors 0, 1 and 2 and no other, whatever is open in the server.",
        (
            *of(SPAWN, "test_a_child_has_exactly_its_three_descriptors"),
            *of(CHILD_SPAWN, "test_our_ends_reach_no_child_so_end_of_file_comes_when_we_close"),
        ),
    ),
    Row(
        "D17",
        "A child's three descriptors are pipes of its own, and those of the protocol reach no child.",
        (
            *of(CHILD_SPAWN, "test_a_child_has_exactly_descriptors_0_1_and_2_and_they_are_our_pipes"),
            *of(STDIO, "test_the_protocol_lives_on_private_numbers_that_no_child_inherits"),
        ),
    ),
    Row(
        "D18",
        "A standard descriptor that was closed at the start is filled before anything else can get its number.",
        (
            *of(LIFE, "test_a_closed_stderr_disturbs_nothing"),
            *of(LIFE, "test_a_closed_stdin_is_the_end_of_input", "test_a_server_without_any_descriptor_ends"),
            *of(STDIO, "test_a_closed_descriptor_is_filled_before_anything_else_gets_its_number"),
        ),
    ),
    Row(
        "D19",
        "Signals that a parent ignored or blocked are neither ignored nor blocked in a child.",
        (
            *of(LIFE, "test_signals_that_the_parent_ignored_are_harmless"),
            *of(LIFE, "test_signals_that_the_parent_blocked_are_harmless"),
            *of(SPAWN, "test_a_child_has_default_signals_whatever_the_server_inherited"),
        ),
    ),
    Row(
        "D20",
        "SIGPIPE, which Python ignores, ends a child as it ends any other process.",
        of(SPAWN, "test_a_child_dies_of_sigpipe_like_any_other"),
    ),
    Row(
        "D21",
        "A child has no controlling terminal, though the server may have one.",
        (
            *of(SPAWN, "test_a_child_does_not_get_the_terminal_of_the_server"),
            *of(NEIGHBOUR, "test_a_session_cannot_reach_the_terminal_of_the_server"),
        ),
    ),
    Row(
        "D22",
        "A child has the limit of open files that the server was started with, and not the raised one.",
        (
            *of(SPAWN, "test_a_child_has_the_original_resource_limits"),
            *of(CHILD_SPAWN, "test_a_child_gets_the_limit_that_the_server_was_started_with"),
        ),
    ),
    Row(
        "D23",
        "Priority and file mode mask reach a child as they were when the server was started.",
        (
            *of(SPAWN, "test_a_child_has_the_file_mode_mask_of_whoever_started_the_server"),
            *of(PROMISES, "test_a_child_runs_at_the_priority_of_whoever_started_the_server"),
        ),
    ),
    Row(
        "D24",
        "inheritEnv false gives a child exactly env; argv and command are told to the client that gave them, and "
        "nothing of either is ever logged.",
        (
            *of(SPAWN, "test_without_inheriting_the_environment_is_exactly_env"),
            *of("e2e/test_privacy.py", "test_what_is_given_to_a_session_is_in_no_log_and_no_error_at_any_level"),
        ),
    ),
    Row(
        "D25",
        "A million arguments or names are bounded by the frame, refused by the kernel as E2BIG, and cost no more.",
        of(SPAWN, "test_more_than_a_program_can_be_given_is_refused_by_the_system"),
    ),
    Row(
        "D26",
        "Sessions above --max-sessions, or above what the descriptors allow, are LimitExceeded while the others live.",
        (
            *of(SPAWN, "test_a_session_above_the_limit_is_refused_until_one_is_closed"),
            *of(SPAWN, "test_too_many_sessions_are_refused_and_the_others_live"),
            *of(REGISTRY, "test_few_descriptors_allow_few_sessions"),
        ),
    ),
    Row(
        "D27",
        "A fork bomb within a session takes of the host what that allows, since pipe-rpc is no sandbox, and where "
        "there are control groups it is killed to its last process, at its deadline and at the end of the server.",
        (
            *of(CONTAINMENT, "test_a_fork_bomb_is_killed_to_the_last_process"),
            *of(GUARD, "test_a_fork_bomb_does_not_outlive_the_server"),
            *of(CGROUP, "test_no_fork_escapes"),
        ),
    ),
    Row(
        "D28",
        "A child that is gone before anybody could look is told like any other.",
        (
            *of(SPAWN, "test_a_child_may_be_gone_before_anybody_looks"),
            *of(CHILD_SPAWN, "test_a_child_that_ends_at_once_is_still_ours_to_reap"),
            *of(EXIT, "test_children_that_come_and_go_leave_no_zombie_and_no_descriptor"),
        ),
    ),
    Row(
        "D29",
        "A file of variables that is missing, no regular file, too large, no text or no list of assignments is a wrong "
        "parameter that tells the line and never what stands there, and a FIFO or a device holds up nobody.",
        (
            *of(ENVIRONMENT, "test_a_file_that_cannot_be_taken_is_told_at_its_path_and_nothing_is_started"),
            *of(
                "session/test_env_file.py",
                "test_what_is_no_regular_file_is_not_even_opened",
                "test_a_fifo_that_takes_the_place_of_a_file_holds_up_nobody",
                "test_what_is_no_assignment_is_told_by_its_line_and_by_nothing_else",
                "test_blanks_hold_up_nobody_for_long",
            ),
        ),
    ),
    Row(
        "D30",
        "Limits below what a program needs make an error or an exit, those above what the server may give are refused, "
        "and nothing hangs or is left.",
        (
            *of(
                RESOURCE_LIMITS,
                "test_limits_below_what_a_program_needs_are_an_error_or_an_exit",
                "test_a_limit_is_at_most_the_server_s_own_hard_one_and_the_answer_tells_that",
            ),
            *of(
                LAUNCHING,
                "test_limits_that_leave_no_room_for_the_program_are_told_or_end_it_and_nothing_hangs",
                "test_a_launcher_that_says_nothing_is_a_failure",
            ),
        ),
    ),
    Row(
        "D31",
        "What cannot be executed or entered with limits fails as it does without them, and leaves nothing behind.",
        (
            *of(RESOURCE_LIMITS, "test_what_cannot_run_fails_as_without_limits"),
            *of(LAUNCHING, "test_a_failure_is_told_as_without_limits_and_leaves_nothing_behind"),
        ),
    ),
    Row(
        "D32",
        "A client that repeats a spawn, since it does not know whether the first arrived, runs nothing twice where it "
        "has named the session; after a removal it is told that there was one.",
        (
            *of("e2e/test_run_method.py", "test_spawn_write_and_wait_are_sent_in_one_go"),
            *of(
                "server/handlers/test_running.py",
                "test_the_same_id_asks_for_the_same_run",
                "TestChosenIds::test_an_exited_session_is_answered_and_a_forgotten_one_is_told",
            ),
        ),
    ),
    Row(
        "D33",
        "Many spawns at once keep no request waiting that is about a session that there is.",
        of("server/test_endpoint.py", "test_requests_about_a_session_that_there_is_pass_spawns_that_wait"),
    ),
)
