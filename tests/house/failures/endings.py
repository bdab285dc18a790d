"""C: signals, groups and terminations."""

from __future__ import annotations

from tests.house.failures.row import GROUP, GUARD, SUDDEN, WRONG, Row
from tests.house.proofs import (
    ERRORS,
    LIFE,
    LIFECYCLE,
    LISTING,
    LOOP,
    MALFORMED,
    PROMISES,
    REGISTRY,
    TERMINATION,
    of,
)

ROWS = (
    Row(
        "C01",
        "A child that ignores SIGTERM is killed at the end of its grace, and its outcome is hardKilled.",
        of(TERMINATION, "test_a_stubborn_child_is_killed_when_its_grace_is_over"),
    ),
    Row(
        "C02",
        "A stopped child is woken by SIGCONT behind the SIGTERM, so that it can obey within its grace.",
        of(TERMINATION, "test_a_stopped_child_is_woken_to_obey"),
    ),
    Row(
        "C03",
        "The whole process group is asked to end, and not its leader alone.",
        (
            *of(TERMINATION, "test_the_whole_group_is_told_to_end", "test_a_signal_reaches_the_whole_group"),
            *of(PROMISES, "test_a_kill_reaches_a_grandchild_that_is_as_stubborn_as_its_leader"),
        ),
    ),
    Row(
        "C04",
        "Jobs of an interactive shell, which have groups of their own, are killed with their session.",
        (
            *of(TERMINATION, "test_jobs_of_an_interactive_shell_are_killed_with_it"),
            *of(REGISTRY, "test_a_job_with_a_group_of_its_own_is_killed_with_its_session"),
        ),
    ),
    Row(
        "C05",
        "What leaves its kernel session outlives its session and not the server, however the server ends.",
        (
            *of(LIFE, "test_a_daemon_of_a_session_does_not_outlive_the_server"),
            *of(GUARD, "test_without_control_groups_a_daemon_outlives_its_session_but_not_the_server"),
            *of(PROMISES, "test_a_server_that_is_killed_under_its_guard_leaves_nothing_running"),
        ),
    ),
    Row(
        "C06",
        "Who escapes is found by kinship and not by a mark in its environment, so wiping that saves nobody.",
        (
            *of(LIFE, "test_a_daemon_of_a_session_does_not_outlive_the_server[env -i setsid]"),
            *of(GUARD, "test_what_left_its_group_ends_with_the_server"),
            *of("child/test_orphans.py", "test_orphans_are_of_the_session_in_which_they_were_started"),
        ),
    ),
    Row(
        "C07",
        "After the leader was reaped its group can still be signalled, and as soon as nobody is left it is forgotten.",
        of(
            GROUP,
            "test_survivors_are_signalled_after_the_leader_was_reaped",
            "test_where_nobody_is_left_the_group_is_forgotten_and_the_pidfd_closed",
        ),
    ),
    Row(
        "C08",
        "A zombie that nobody has reaped yet is no process that a shutdown would wait for.",
        of(TERMINATION, "test_a_zombie_in_the_group_is_no_process_that_shutdown_waits_for"),
    ),
    Row(
        "C09",
        "On macOS EPERM of a group whose leader was reaped means that zombies alone are left of it.",
        of(GROUP, "test_on_macos_a_reaped_group_that_refuses_holds_zombies_only"),
    ),
    Row(
        "C10",
        "Where the system forbids a signal the request is told so, the session goes on, and the kill is tried anyway.",
        of(
            SUDDEN,
            "test_a_system_that_refuses_is_told_to_who_asked_and_the_kill_is_tried_all_the_same",
            "test_a_kill_at_the_deadline_that_is_refused_does_not_end_the_loop",
        ),
    ),
    Row(
        "C11",
        "Of several terminations the earliest deadline holds, each is answered, and there is one exit.",
        (
            *of(TERMINATION, "test_a_second_shorter_grace_holds", "test_a_second_longer_grace_changes_nothing"),
            *of(TERMINATION, "test_terminating_twice_in_one_breath_exits_once"),
            *of(LIFECYCLE, "test_the_earlier_deadline_holds"),
        ),
    ),
    Row(
        "C12",
        "To terminate what has exited is no error, changes nothing about the exit, and kills what is left of the "
        "group.",
        of(
            TERMINATION,
            "test_terminating_an_exited_session_changes_nothing_about_it",
            "test_after_the_exit_terminate_kills_what_is_left_of_the_group",
        ),
    ),
    Row(
        "C13",
        "A duration that is negative or no number is -32602, a huge one is clamped, and no sleep of the loop "
        "overflows.",
        (
            *of(MALFORMED, f"{WRONG}[graceMs negative]", f"{WRONG}[graceMs a string]", f"{WRONG}[timeoutMs true]"),
            *of(MALFORMED, f"{WRONG}[timeoutMs negative]", f"{WRONG}[terminate graceMs a word]"),
            *of(ERRORS, "test_every_duration_that_is_a_number_is_accepted"),
            *of(PROMISES, "test_no_grace_is_longer_than_the_limit_wherever_it_is_asked_for"),
            *of(LOOP, "test_no_sleep_is_longer_than_a_day", "test_the_kernel_takes_the_longest_sleep"),
        ),
    ),
    Row(
        "C14",
        "A grace of 0 kills at once, and no handler of SIGTERM runs.",
        of(TERMINATION, "test_a_grace_of_zero_kills_without_a_sigterm"),
    ),
    Row(
        "C15",
        "A termination right behind the spawn reaches the child, which leads its group before it runs.",
        of(TERMINATION, "test_a_request_to_end_right_after_the_spawn_is_carried_out"),
    ),
    Row(
        "C16",
        "What a child writes in its handler of SIGTERM is delivered before its exit.",
        of(TERMINATION, "test_what_a_child_writes_as_its_farewell_is_delivered_before_its_exit"),
    ),
    Row(
        "C17",
        "The hard kill goes to the whole group at once and to who comes from a condemned session later; the end of the "
        "server repeats it until none is left.",
        (
            *of(LISTING, "test_removal_by_force_kills_the_whole_group"),
            *of("child/test_orphans.py", "test_who_comes_from_a_condemned_session_later_ends_too"),
            *of("server/test_ending.py", "test_what_left_its_group_is_killed_at_once_by_a_second_signal"),
        ),
    ),
    Row(
        "C18",
        "A stopped child does not outlive a server or a guard that is killed.",
        of(LIFE, "test_a_stopped_child_does_not_outlive_a_server_that_is_killed"),
    ),
    Row(
        "C19",
        "A session has no shell over it, so SIGTSTP, SIGTTIN and SIGTTOU do not stop it, and SIGSTOP does.",
        of(
            TERMINATION,
            "test_what_a_terminal_would_stop_a_job_with_does_not_stop_a_session",
            "test_a_session_can_be_stopped_and_continued",
        ),
    ),
    Row(
        "C20",
        "A signal is named, and a number, a foreign word or a wrong case is -32602 and sent to nobody.",
        (
            *of(TERMINATION, "test_what_is_no_signal_name_is_a_wrong_parameter"),
            *of(MALFORMED, f"{WRONG}[signal a number]"),
        ),
    ),
)
