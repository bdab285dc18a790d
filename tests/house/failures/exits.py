"""B: exit statuses, and who takes them."""

from __future__ import annotations

from tests.house.failures.row import (
    BURSTS,
    CALLS,
    CHILD_SPAWN,
    ENDING,
    EXIT_WATCH,
    FAILS,
    FORBIDDEN,
    GROUP,
    KQUEUE,
    MANY_SESSIONS,
    ORPHANS,
    Row,
)
from tests.house.proofs import ATTACH, EXIT, LOOP, SESSION, SPAWN, TERMINATION, WALL_CLOCK, of

ROWS = (
    Row(
        "B01",
        "An exit is told by its code or by the name of its signal, never both, so exit 137 is not SIGKILL.",
        (
            *of(EXIT, "test_an_exit_code_is_told_as_it_is", "test_a_signal_is_told_by_its_name"),
            *of("child/test_exit_status.py", "test_exit_137_is_not_an_end_by_sigkill"),
        ),
    ),
    Row(
        "B02",
        "coreDumped says what the kernel says of a core dump.",
        of("child/test_exit_status.py", "test_a_core_dump_is_told"),
    ),
    Row(
        "B03",
        "Sessions that come and go leave neither a zombie nor a descriptor behind.",
        (
            *of(EXIT, "test_children_that_come_and_go_leave_no_zombie_and_no_descriptor"),
            *of(MANY_SESSIONS, "test_sessions_that_come_and_go_leave_no_memory_no_descriptor_and_no_zombie"),
        ),
    ),
    Row(
        "B04",
        "Each child is reaped by its session alone, and the finalizer of Popen waits for nobody.",
        of(CHILD_SPAWN, "test_the_finalizer_of_popen_reaps_nobody"),
    ),
    Row(
        "B05",
        "A number that may have been given to a stranger is never signalled.",
        (
            *of(
                GROUP,
                "test_never_is_a_stranger_signalled_that_has_got_the_leader_s_number",
                "test_once_a_stranger_had_the_number_the_group_stays_forgotten",
                "test_where_the_kernel_signals_groups_no_number_is_used",
            ),
            *of(GROUP, "test_a_stranger_of_another_user_is_a_stranger_too"),
        ),
    ),
    Row(
        "B06",
        "A parent that ignored SIGCHLD hides no exit code: the disposition is reset before anything is started.",
        of(SPAWN, "test_an_inherited_ignored_sigchld_hides_no_exit_code"),
    ),
    Row(
        "B07",
        "A process whose first thread has ended has not exited as long as another thread runs.",
        (
            *of(EXIT, "test_a_process_whose_first_thread_has_ended_has_not_exited"),
            *of("child/test_exit_pidfd.py", "test_the_end_of_the_first_thread_alone_is_no_end"),
        ),
    ),
    Row(
        "B08",
        "A SIGKILL of somebody else is told as the signal, and by the contract its outcome is naturalExit.",
        of(TERMINATION, "test_a_death_by_a_strangers_signal_is_natural"),
    ),
    Row(
        "B09",
        "What does not die of SIGKILL stays a session in state killing, holds nobody up, and is given up after "
        "--kill-timeout-ms when the server ends.",
        (
            *of(SESSION, "test_a_session_that_cannot_be_reaped_may_be_terminated_and_removed_meanwhile"),
            *of(TERMINATION, "test_a_session_that_is_being_killed_says_so"),
            *of(ENDING, "test_a_process_that_never_ends_is_given_up_after_the_kill_timeout"),
            *of(
                "e2e/test_limits.py",
                "test_kill_timeout_ms_after_the_kill_the_server_ends_without_those_that_did_not",
            ),
        ),
    ),
    Row(
        "B10",
        "Many exits at once are each told once, with the last words of each, whether they are seen one by one or all "
        "in one turn.",
        (
            *of(EXIT, "test_children_that_all_exit_at_once_are_all_told"),
            *of(EXIT_WATCH, "test_of_many_ends_at_once_none_is_lost"),
            *of(BURSTS, "test_a_thousand_children_that_end_at_once_are_all_told_to_the_byte"),
        ),
    ),
    Row(
        "B11",
        "No line of the package waits for any child; adopted orphans are found by name and reaped one by one.",
        (
            *of(FORBIDDEN, "test_nobody_waits_for_any_child"),
            *of(ORPHANS, "test_a_child_that_is_expected_is_left_to_its_session"),
        ),
    ),
    Row(
        "B12",
        "Where there are no pidfds exits come by way of SIGCHLD, and every test of the package can be run so; a "
        "single pidfd that the system refuses is a spawn that failed.",
        (
            *of(EXIT_WATCH, "test_the_best_way_is_chosen", "test_an_end_is_reported_once_and_not_before_it_came"),
            *of("child/test_exit_sigchld.py", "test_each_child_is_asked_for_when_any_ends"),
            *of(CHILD_SPAWN, "test_pidfds_do_not_work_where_python_or_the_kernel_has_none"),
            *of(
                BURSTS,
                "test_a_thousand_children_that_end_at_once_are_all_told_to_the_byte[as they come-SIGCHLD]",
                "test_a_thousand_children_that_end_at_once_are_all_told_to_the_byte[all together-SIGCHLD]",
            ),
            *of(CALLS, f"{FAILS}[child/spawn.py os.pidfd_open spawn is refused at call 1 EMFILE]"),
        ),
    ),
    Row(
        "B13",
        "A child that is told to have ended a moment before it can be reaped is asked for again, soon and without a "
        "spin.",
        (
            *of(
                SESSION,
                "test_a_child_that_has_ended_and_cannot_be_reaped_is_asked_for_until_it_can_be",
                "test_a_child_that_cannot_be_reaped_is_asked_for_soon_at_first_and_never_rarely",
            ),
            *of(KQUEUE, "test_an_end_that_cannot_be_reaped_yet_is_told_once_and_the_watch_says_that_it_is_near"),
        ),
    ),
    Row(
        "B14",
        "The watch of a child ends in the turn that reaps it, so that its pidfd cannot spin.",
        (
            *of(EXIT_WATCH, "test_behind_unwatch_nothing_is_called"),
            *of(SESSION, "test_the_child_is_expected_until_it_is_reaped"),
            *of(EXIT, "test_children_that_come_and_go_leave_no_zombie_and_no_descriptor"),
        ),
    ),
    Row(
        "B15",
        "A session that exited while nobody was attached can be attached afterwards: what is retained, then its end.",
        (
            *of(ATTACH, "test_a_session_that_has_exited_and_closed_can_be_attached_again_and_again"),
            *of(EXIT, "test_exited_and_closed_come_though_nobody_is_attached"),
        ),
    ),
    Row(
        "B16",
        "Durations and outcomes come from the monotonic clock, and wall time is told and decides nothing.",
        (
            *of(WALL_CLOCK, "test_a_jump_makes_no_hard_kill_of_a_soft_end"),
            *of(WALL_CLOCK, "test_a_jump_moves_neither_the_time_limit_nor_the_kill_nor_the_duration"),
            *of(LOOP, "test_the_clock_of_a_loop_is_the_monotonic_one"),
        ),
    ),
)
