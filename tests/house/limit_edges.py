"""Where each limit is tried at its edge: what just fits passes, and one more gets what the contract says.

Rules of this file: one row for each field of `pipe_rpc.limits.Limits`, in its order; every proof sets the option on the
command line of a real server. `test_limits.py` fails for a limit that has no row.
"""

from __future__ import annotations

from tests.house.proofs import Proofs, of

LIMITS = "e2e/test_limits.py"

EDGES: dict[str, Proofs] = {
    "max_frame_bytes": of(LIMITS, "test_a_body_of_max_frame_bytes_passes_and_one_byte_more_ends_the_connection"),
    "max_header_bytes": of(LIMITS, "test_a_header_of_max_header_bytes_passes_and_one_byte_more_ends_the_connection"),
    "max_message_values": of(LIMITS, "test_a_message_has_max_message_values_and_one_more_is_refused"),
    "max_sessions": of(LIMITS, "test_max_sessions_are_open_at_once_and_one_more_is_refused"),
    "max_exited_sessions": of(LIMITS, "test_max_exited_sessions_are_kept_and_one_more_makes_the_oldest_forgotten"),
    "max_exited_backlog_bytes": of(
        LIMITS, "test_max_exited_backlog_bytes_are_kept_and_one_more_makes_the_oldest_forgotten"
    ),
    "max_tombstones": of(LIMITS, "test_max_tombstones_are_remembered_and_one_more_makes_the_oldest_unknown"),
    "default_backlog_bytes": of(LIMITS, "test_default_backlog_bytes_are_retained_and_one_more_pushes_out_the_first"),
    "min_backlog_bytes": of(LIMITS, "test_a_backlog_may_be_asked_for_within_its_bounds_and_no_byte_beyond"),
    "max_backlog_bytes": of(LIMITS, "test_a_backlog_may_be_asked_for_within_its_bounds_and_no_byte_beyond"),
    "max_total_backlog_bytes": of(
        LIMITS, "test_rings_grow_up_to_max_total_backlog_bytes_and_by_one_byte_less_they_do_not"
    ),
    "max_output_bytes": of(LIMITS, "test_a_notification_has_max_output_bytes_and_one_more_comes_in_the_next"),
    "max_session_id_characters": of(LIMITS, "test_an_id_of_a_client_has_max_session_id_characters_and_not_one_more"),
    "max_label_characters": of(
        LIMITS,
        "test_a_label_has_max_label_characters_and_not_one_more",
        "test_the_originator_of_a_connection_has_max_label_characters_and_not_one_more",
    ),
    "max_argument_bytes": of(LIMITS, "test_open_sessions_have_max_argument_bytes_and_one_more_is_refused"),
    "max_env_file_bytes": of(LIMITS, "test_a_file_of_variables_has_max_env_file_bytes_and_not_one_more"),
    "max_env_file_blanks": of(LIMITS, "test_a_file_of_variables_has_max_env_file_blanks_in_a_row_and_not_one_more"),
    "default_read_bytes": of(LIMITS, "test_a_read_has_default_read_bytes_or_what_is_asked_for_up_to_max_read_bytes"),
    "max_read_bytes": of(LIMITS, "test_a_read_has_default_read_bytes_or_what_is_asked_for_up_to_max_read_bytes"),
    "max_stdin_bytes": of(LIMITS, "test_max_stdin_bytes_may_wait_and_one_more_is_refused"),
    "max_total_stdin_bytes": of(LIMITS, "test_max_total_stdin_bytes_may_wait_for_all_children_and_one_more_is_refused"),
    "default_grace_ms": of(LIMITS, "test_the_grace_is_default_grace_ms_where_nobody_says_another"),
    "max_grace_ms": of(LIMITS, "test_a_grace_is_max_grace_ms_long_at_most"),
    "max_pending_requests": of(LIMITS, "test_max_pending_requests_wait_and_one_more_is_refused"),
    "max_pending_id_bytes": of(LIMITS, "test_the_ids_of_requests_that_wait_take_max_pending_id_bytes_and_no_byte_more"),
    "max_token_characters": of(LIMITS, "test_a_progress_token_has_max_token_characters_and_not_one_more"),
    "max_pattern_characters": of(LIMITS, "test_a_pattern_or_a_literal_has_max_pattern_characters_and_not_one_more"),
    "max_pattern_size": of(LIMITS, "test_a_pattern_has_max_pattern_size_and_not_one_instruction_more"),
    "max_patterns": of(LIMITS, "test_max_patterns_are_waited_for_and_one_more_is_refused"),
    "max_match_bytes": of(LIMITS, "test_a_match_of_max_match_bytes_is_found_wherever_it_lies_and_twice_that_is_told"),
    "match_settle_ms": of(LIMITS, "test_a_match_at_the_very_end_counts_after_match_settle_ms"),
    "outbound_low_water_bytes": of(LIMITS, "test_output_is_made_up_to_outbound_low_water_bytes_and_one_notification"),
    "max_outbound_bytes": of(
        LIMITS,
        "test_answers_up_to_max_outbound_bytes_hold_up_nothing",
        "test_who_leaves_more_than_max_outbound_bytes_unread_is_given_up",
    ),
    "child_read_bytes": of(LIMITS, "test_child_read_bytes_are_read_in_one_turn_and_one_more_in_the_next"),
    "requests_per_turn": of(LIMITS, "test_requests_per_turn_are_handled_and_one_more_leaves_the_others_their_turn"),
    "max_queued_request_bytes": of(
        LIMITS, "test_max_queued_request_bytes_wait_behind_a_spawn_and_with_one_more_others_wait_too"
    ),
    "max_read_runs": of(
        LIMITS, "test_output_that_changes_max_read_runs_times_is_told_in_its_order_and_beyond_it_in_coarser_steps"
    ),
    "tee_stall_ms": of(LIMITS, "test_a_file_that_takes_nothing_for_tee_stall_ms_ends_its_tee"),
    "kill_timeout_ms": of(LIMITS, "test_kill_timeout_ms_after_the_kill_the_server_ends_without_those_that_did_not"),
    "client_poll_ms": of(LIMITS, "test_the_end_of_a_client_that_nothing_tells_of_is_looked_for_every_client_poll_ms"),
    "progress_interval_ms": of(LIMITS, "test_a_job_reports_its_progress_every_progress_interval_ms"),
    "long_job_ms": of(LIMITS, "test_the_end_of_a_job_that_took_long_job_ms_is_told_and_that_of_a_shorter_one_is_not"),
    "max_problem_line_bytes": of(LIMITS, "test_problems_are_looked_for_in_max_problem_line_bytes_of_a_line"),
    "max_matchers_size": of(LIMITS, "test_the_matchers_of_a_job_have_max_matchers_size_and_not_one_instruction_more"),
    "max_file_problems": of(LIMITS, "test_as_many_problems_are_shown_as_the_limits_allow_and_not_one_more"),
    "max_job_problems": of(LIMITS, "test_as_many_problems_are_shown_as_the_limits_allow_and_not_one_more"),
    "max_problems": of(LIMITS, "test_as_many_problems_are_shown_as_the_limits_allow_and_not_one_more"),
    "publish_interval_ms": of(LIMITS, "test_the_problems_of_a_job_are_told_every_publish_interval_ms"),
    "flush_timeout_ms": of(LIMITS, "test_a_server_that_ends_waits_flush_timeout_ms_for_a_client_to_read"),
}
