"""H: JSON and JSON-RPC."""

from __future__ import annotations

from tests.house.failures.row import (
    ENDPOINT,
    ENVELOPE,
    FRAMER,
    FUZZED_PROCESS,
    GENERATED,
    HOSTILE_CLIENTS,
    JOB_PROBLEMS,
    JSON_TEXT,
    LIMITS,
    MATCHER_PARAMS,
    MUTATED,
    NO_REQUEST,
    NOT_JSON,
    PRIVACY,
    PROBLEM_MATCHER,
    SHORTAGE,
    TAKEN,
    WRONG,
    Row,
)
from tests.house.proofs import CANCEL, ERRORS, LIFE, MALFORMED, TERMINATION, of

IGNORED_ANSWER = "test_an_answer_that_nobody_asked_for_is_ignored"
TWICE = "test_a_duplicate_key_is_refused_because_no_reading_of_it_is_the_right_one"

ROWS = (
    Row(
        "H01",
        "A body that is no JSON, or has something behind it, is -32700 with id null, and the connection lives.",
        (
            *of(
                MALFORMED,
                f"{NOT_JSON}[half an object]",
                f"{NOT_JSON}[garbage after the object]",
                f"{NOT_JSON}[a raw line feed in a string]",
                f"{NOT_JSON}[two objects]",
            ),
            *of(MUTATED, f"{TAKEN}[half_an_object]", f"{TAKEN}[garbage_behind]"),
            *of(FUZZED_PROCESS, "test_a_stream_whose_frames_are_whole_is_answered_and_the_server_lives"),
        ),
    ),
    Row(
        "H02",
        "A body that is no UTF-8 is -32700, surrogates and overlong forms included.",
        (
            *of(
                MALFORMED,
                f"{NOT_JSON}[a surrogate as UTF-8 (WTF-8)]",
                f"{NOT_JSON}[an overlong slash]",
                f"{NOT_JSON}[a cut character]",
                f"{NOT_JSON}[Latin-1]",
            ),
            *of(MUTATED, f"{TAKEN}[surrogate_as_utf_8]", f"{TAKEN}[overlong_slash]"),
        ),
    ),
    Row(
        "H03",
        "JSON that nests too deep is -32700, wherever in the message it is and whether or not it closes.",
        (
            *of(MALFORMED, f"{NOT_JSON}[100,000 arrays]", f"{NOT_JSON}[100,000 arrays inside good params]"),
            *of(MALFORMED, f"{NOT_JSON}[100,000 objects]", f"{NOT_JSON}[100,000 arrays that never close]"),
            *of(JSON_TEXT, "test_what_nests_too_deep_is_refused"),
            *of(MUTATED, f"{TAKEN}[depth_1200]", f"{TAKEN}[deep_params]", f"{TAKEN}[depth_open_5000]"),
        ),
    ),
    Row(
        "H04",
        "An integer of thousands of digits is -32700.",
        of(MALFORMED, f"{NOT_JSON}[an integer of 4,301 digits]", f"{NOT_JSON}[an integer of 4,301 digits in params]"),
    ),
    Row(
        "H05",
        "NaN, Infinity and numbers that no float holds are -32700, and none is ever written.",
        (
            *of(MALFORMED, f"{NOT_JSON}[NaN]", f"{NOT_JSON}[-Infinity]", f"{NOT_JSON}[1e999]"),
            *of(MALFORMED, f"{NOT_JSON}[NaN as the id]", f"{NOT_JSON}[1e999 as the id]"),
            *of(JSON_TEXT, "test_what_json_cannot_say_is_never_written"),
            *of(MUTATED, f"{TAKEN}[nan]", f"{TAKEN}[infinity]", f"{TAKEN}[infinite_exponent]"),
        ),
    ),
    Row(
        "H06",
        "Half a surrogate pair may be an id or shown, is -32602 where bytes are needed, and never fails the writer.",
        (
            *of(MALFORMED, "test_an_id_that_is_a_lone_surrogate_gets_one_answer"),
            *of(MALFORMED, "test_a_lone_surrogate_where_bytes_are_needed_is_a_wrong_parameter"),
            *of(JSON_TEXT, "test_half_a_surrogate_pair_never_fails_the_writer"),
            *of(
                MUTATED,
                f"{TAKEN}[half_pair_as_id]",
                f"{TAKEN}[half_pair_in_argv]",
                f"{TAKEN}[executed_with_half_pair_id]",
            ),
        ),
    ),
    Row(
        "H07",
        "A member that is given twice is -32600, even where both are the same, since no reading of it is right.",
        (
            *of(MALFORMED, TWICE),
            *of(MUTATED, f"{TAKEN}[method_twice]", f"{TAKEN}[id_twice]", f"{TAKEN}[name_twice_below]"),
            *of(JSON_TEXT, "test_a_name_given_twice_is_told"),
        ),
    ),
    Row(
        "H08",
        "A message of more values than --max-message-values is refused before anything is built of it, and what one "
        "within that limit takes is bounded by the frame limit and given back with it.",
        (
            *of(JSON_TEXT, "test_too_many_values_are_refused_before_anything_is_built_of_them"),
            *of(
                LIMITS,
                "test_a_message_has_max_message_values_and_one_more_is_refused",
                "test_a_body_of_max_frame_bytes_passes_and_one_byte_more_ends_the_connection",
            ),
            *of(
                HOSTILE_CLIENTS,
                "test_the_request_that_takes_the_most_memory_takes_what_the_formula_says_and_gives_it_back",
            ),
            *of(FRAMER, "test_frames_that_were_handed_out_leave_the_memory_with_the_next_feed"),
        ),
    ),
    Row(
        "H09",
        "A batch of any kind is one -32600 with id null, as LSP has none.",
        (
            *of(MALFORMED, f"{NO_REQUEST}[an empty batch]", f"{NO_REQUEST}[a batch of two requests]"),
            *of(MALFORMED, f"{NO_REQUEST}[a batch of notifications]", f"{NO_REQUEST}[a batch in a batch]"),
        ),
    ),
    Row(
        "H10",
        "A number, a string, true or null at the top is -32600 with id null.",
        of(MALFORMED, *(f"{NO_REQUEST}[{what}]" for what in ("a number", "a string", "true", "null"))),
    ),
    Row(
        "H11",
        "An id is a string or an integer of any size, echoed exactly; any other is -32600 with id null.",
        (
            *of(MALFORMED, *(f"{NO_REQUEST}[{what}]" for what in ("id null", "id true", "id 1.5", "id as an object"))),
            *of(MALFORMED, f"{NO_REQUEST}[id as a list]", "test_an_id_is_echoed_exactly"),
            *of(MALFORMED, "test_an_id_is_echoed_exactly_in_an_error"),
            *of(GENERATED, "test_messages_of_any_shape_in_any_cut_break_nothing"),
        ),
    ),
    Row(
        "H12",
        'The ids 1 and "1" are two requests, and 1.0 and true are no ids at all.',
        (
            *of(MALFORMED, "test_ids_1_and_the_string_1_are_two_requests_in_flight", f"{NO_REQUEST}[id 1.0]"),
            *of(CANCEL, "test_the_types_of_ids_are_told_apart"),
        ),
    ),
    Row(
        "H13",
        "An id that is still in flight is -32600, and the request that has it is untouched.",
        of(MALFORMED, "test_an_id_in_flight_is_refused_a_second_time_and_the_first_request_is_untouched"),
    ),
    Row(
        "H14",
        "params may be left out, or null, where all are optional.",
        (
            *of(MALFORMED, "test_params_may_be_left_out_where_all_are_optional"),
            *of(ENDPOINT, "test_params_null_are_the_same_as_none"),
        ),
    ),
    Row(
        "H15",
        "params that are no object, of a wrong type or with an unknown member are -32602, named by their path.",
        (
            *of(MALFORMED, "test_params_that_are_no_object_are_refused", WRONG, "test_every_problem_is_told_at_once"),
            *of(ERRORS, "test_an_unknown_parameter_is_refused_and_named"),
            *of(MUTATED, "test_mutated_conversations_break_nothing"),
        ),
    ),
    Row(
        "H16",
        'A jsonrpc that is missing or not "2.0" is -32600 with the request\'s id.',
        of(
            MALFORMED,
            f"{NO_REQUEST}[no jsonrpc]",
            f"{NO_REQUEST}[no jsonrpc, and a string id]",
            f"{NO_REQUEST}[jsonrpc 1.0]",
            f"{NO_REQUEST}[jsonrpc 2]",
        ),
    ),
    Row(
        "H17",
        "A member named jsonrpc deep in params, such as a variable of env, is data like any other.",
        of(MALFORMED, "test_a_nested_member_named_jsonrpc_is_data"),
    ),
    Row(
        "H18",
        "Before initialize a request is -32002, a notification is dropped, and exit is obeyed.",
        (
            *of(MALFORMED, "test_a_request_before_initialize_is_refused"),
            *of(MALFORMED, "test_a_notification_before_initialize_is_dropped"),
            *of(LIFE, "test_exit_before_initialize_is_obeyed"),
        ),
    ),
    Row(
        "H19",
        "A second initialize is -32600 and changes nothing.",
        of(MALFORMED, "test_a_second_initialize_is_refused_and_changes_nothing"),
    ),
    Row(
        "H20",
        "After shutdown, and while it is under way, every request is -32600 and only exit is obeyed.",
        of(
            LIFE,
            "test_every_request_after_shutdown_is_refused",
            "test_a_request_while_shutdown_is_under_way_is_refused_at_once",
        ),
    ),
    Row(
        "H21",
        "exit is status 0 behind shutdown and else 1, and leaves nothing running either way.",
        of(LIFE, "test_exit_leaves_nothing_running"),
    ),
    Row(
        "H22",
        "shutdown answers null when no process of any session is left, and by the contract with no counts.",
        (
            *of(LIFE, "test_shutdown_answers_when_no_process_of_any_session_is_left"),
            *of(TERMINATION, "test_each_session_has_its_own_grace_at_shutdown"),
        ),
    ),
    Row(
        "H23",
        "A method that has an answer is not executed without an id, and the log says so.",
        (
            *of(MALFORMED, "test_a_request_method_without_an_id_is_not_executed"),
            *of(ENDPOINT, "test_a_request_without_an_id_is_not_executed_and_logged"),
        ),
    ),
    Row(
        "H24",
        "A notification that is sent with an id is -32600 and not obeyed.",
        (
            *of(MALFORMED, f"{NO_REQUEST}[exit as a request]", f"{NO_REQUEST}[initialized as a request]"),
            *of(ENDPOINT, "test_a_notification_with_an_id_is_refused_and_not_obeyed"),
        ),
    ),
    Row(
        "H25",
        "An unknown request is -32601, an unknown notification is ignored, and a method that is no string is -32600.",
        (
            *of(MALFORMED, "test_an_unknown_method_is_answered_as_such", "test_an_unknown_notification_is_ignored"),
            *of(MALFORMED, "test_an_unknown_dollar_notification_is_not_even_logged"),
            *of(MALFORMED, f"{NO_REQUEST}[method as a number]", f"{NO_REQUEST}[method null]"),
        ),
    ),
    Row(
        "H26",
        "A cancellation of what is unknown, finished or of any shape is ignored.",
        of(
            CANCEL,
            "test_cancelling_anything_else_is_ignored",
            "test_a_cancellation_of_any_shape_is_never_answered",
            "test_an_answered_request_cannot_be_cancelled",
        ),
    ),
    Row(
        "H27",
        "A request that waits has one answer when it is cancelled, and what it had begun goes on.",
        of(
            CANCEL,
            "test_a_request_that_waits_is_answered_once_and_the_session_lives_on",
            "test_a_request_and_its_cancellation_in_one_breath_have_one_answer",
            "test_a_cancelled_terminate_goes_on",
        ),
    ),
    Row(
        "H28",
        "An answer that nobody asked for is ignored, whatever its id is.",
        (
            *of(MALFORMED, IGNORED_ANSWER),
            *of(ENVELOPE, "test_an_answer_is_a_response_whatever_its_id"),
        ),
    ),
    Row(
        "H29",
        "A failure within a handler is -32603 without a word of the inside, and the server lives.",
        (
            *of(ENDPOINT, "test_a_failing_handler_is_answered_without_a_word_of_the_inside"),
            *of(PRIVACY, "test_the_traceback_of_a_failing_handler_has_its_places_and_not_what_was_given_to_it"),
            *of(SHORTAGE, "test_what_needs_more_memory_than_there_is_is_refused"),
        ),
    ),
    Row(
        "H30",
        "A result that cannot be encoded is -32603 too, and errors are made of what JSON can always say.",
        (
            *of(ENDPOINT, "test_a_result_that_cannot_be_encoded_is_an_internal_error_too"),
            *of(JSON_TEXT, "test_what_is_encoded_is_ascii_json_that_decodes_to_the_same"),
        ),
    ),
    Row(
        "H31",
        "A pattern of a problem matcher that RE2 does not know is refused with its position, one that would take other "
        "engines for ever is quick, and neither starts anything it should not.",
        (
            *of(MATCHER_PARAMS, "test_what_the_engine_does_not_know_is_refused_with_its_position"),
            *of(PROBLEM_MATCHER, "test_a_pattern_that_engines_with_backtracking_never_finish_is_quick"),
            *of(JOB_PROBLEMS, "test_a_wrong_matcher_starts_nothing_and_costs_nothing"),
        ),
    ),
)
