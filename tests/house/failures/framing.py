"""G: frames."""

from __future__ import annotations

from tests.house.failures.row import (
    FRAMER,
    FUZZED_PROCESS,
    GENERATED,
    HOSTILE_CLIENTS,
    LIMITS,
    LOST,
    MUTATED,
    NOT_JSON,
    TAKEN,
    WIRE,
    Row,
)
from tests.house.proofs import MALFORMED, of

SPELT = "test_a_header_may_be_written_in_any_of_the_ways_that_mean_the_same"

ROWS = (
    Row(
        "G01",
        "Header names are matched without regard to case.",
        (
            *of(MALFORMED, f"{SPELT}[lower case]", f"{SPELT}[upper case]"),
            *of(MUTATED, f"{TAKEN}[header_in_lower_case]"),
        ),
    ),
    Row(
        "G02",
        "Blanks around the value of a header are optional, and any number of them is accepted.",
        (
            *of(MALFORMED, f"{SPELT}[no blank after the colon]", f"{SPELT}[many blanks]"),
            *of(MUTATED, f"{TAKEN}[header_without_blank]"),
        ),
    ),
    Row(
        "G03",
        "Bare line feeds lose the boundary: one -32700 with id null, then an orderly end with status 1.",
        (
            *of(MALFORMED, f"{LOST}[bare line feeds]", f"{LOST}[a bare line feed after the length]"),
            *of(MUTATED, f"{TAKEN}[bare_line_feeds]"),
            *of(FUZZED_PROCESS, "test_a_stream_that_loses_the_boundary_gets_one_last_word_and_an_orderly_end"),
        ),
    ),
    Row(
        "G04",
        "A header without a length, a line without a colon and noise lose the boundary at once.",
        (
            *of(MALFORMED, f"{LOST}[no length]", f"{LOST}[a line without a colon]", f"{LOST}[noise]"),
            *of(MALFORMED, "test_a_lost_boundary_is_told_at_once_and_not_when_more_bytes_come"),
            *of(MUTATED, f"{TAKEN}[no_length]", f"{TAKEN}[no_colon]", f"{TAKEN}[nul_in_the_header]"),
            *of(FUZZED_PROCESS, "test_a_stream_that_loses_the_boundary_gets_one_last_word_and_an_orderly_end"),
        ),
    ),
    Row(
        "G05",
        "A length is plain decimal ASCII digits, and every other spelling of a number loses the boundary.",
        (
            *of(MALFORMED, f"{LOST}[length -1]", f"{LOST}[length +5]", f"{LOST}[length in two words]"),
            *of(MALFORMED, f"{LOST}[length in hexadecimal]", f"{LOST}[length in Arabic digits]"),
            *of(MALFORMED, f"{LOST}[length with an exponent]", f"{LOST}[length empty]"),
            *of(MALFORMED, f"{LOST}[length with an underscore]"),
            *of(
                MUTATED,
                f"{TAKEN}[length_negative]",
                f"{TAKEN}[length_with_plus]",
                f"{TAKEN}[length_in_arabic_digits]",
                f"{TAKEN}[length_underscored]",
            ),
        ),
    ),
    Row(
        "G06",
        "A length of thousands of digits is refused without being read as a number.",
        (
            *of(MALFORMED, f"{LOST}[length of 5,000 digits]"),
            *of(FRAMER, "test_a_length_of_thousands_of_digits_is_refused_unread"),
            *of(MUTATED, f"{TAKEN}[length_of_5000_digits]"),
        ),
    ),
    Row(
        "G07",
        "A length above the frame limit loses the boundary by the contract, and nothing is allocated for it.",
        (
            *of(MALFORMED, f"{LOST}[length 10 to the 13]", f"{LOST}[length 8 GiB]"),
            *of(LIMITS, "test_a_body_of_max_frame_bytes_passes_and_one_byte_more_ends_the_connection"),
            *of(FRAMER, "test_a_body_above_the_limit_is_refused_before_it_comes"),
            *of(MUTATED, f"{TAKEN}[length_of_2_to_the_64]", f"{TAKEN}[length_above_the_limit]"),
        ),
    ),
    Row(
        "G08",
        "An empty body is a parse error, and the connection lives.",
        (
            *of(MALFORMED, f"{NOT_JSON}[an empty body]"),
            *of(MUTATED, f"{TAKEN}[length_of_0]"),
        ),
    ),
    Row(
        "G09",
        "A length given twice is accepted where both are equal, and loses the boundary where they differ.",
        (
            *of(MALFORMED, f"{LOST}[two different lengths]", f"{LOST}[a good and a bad length]"),
            *of(FRAMER, "test_a_header_in_any_legal_spelling_is_accepted"),
            *of(MUTATED, f"{TAKEN}[length_twice_alike]", f"{TAKEN}[length_twice_unlike]"),
        ),
    ),
    Row(
        "G10",
        "Content-Type may name utf-8 and utf8, and another charset loses the boundary.",
        (
            *of(MALFORMED, f"{SPELT}[charset UTF-8]", f"{SPELT}[no charset]", f"{LOST}[charset utf-16]"),
            *of(MUTATED, f"{TAKEN}[header_with_charset]", f"{TAKEN}[another_charset]"),
        ),
    ),
    Row(
        "G11",
        "A header above --max-header-bytes is refused before it fills the memory.",
        (
            *of(LIMITS, "test_a_header_of_max_header_bytes_passes_and_one_byte_more_ends_the_connection"),
            *of(FRAMER, "test_a_header_that_never_ends_is_refused_before_it_fills_the_memory"),
            *of(MUTATED, f"{TAKEN}[endless_header]"),
            *of(HOSTILE_CLIENTS, "test_a_header_that_never_ends_is_cut_off"),
        ),
    ),
    Row(
        "G12",
        "Half a frame holds up nobody, and frames that come byte by byte are what they are in one piece.",
        (
            *of(WIRE, "test_half_a_frame_holds_up_nobody"),
            *of("properties/test_framer_splits.py", "test_any_split_of_any_stream_gives_what_the_whole_gives"),
            *of(GENERATED, "test_messages_of_any_shape_in_any_cut_break_nothing"),
        ),
    ),
    Row(
        "G13",
        "A frame that the end of input cuts off is discarded, and the end is an orderly one.",
        (
            *of(WIRE, "test_a_frame_cut_off_by_the_end_of_input_is_discarded"),
            *of(MUTATED, f"{TAKEN}[cut_in_the_body]", f"{TAKEN}[cut_in_the_header]"),
            *of(HOSTILE_CLIENTS, "test_half_a_body_for_ever_is_kept_once_and_the_end_of_input_ends_it"),
        ),
    ),
    Row(
        "G14",
        "Ten thousand frames in one write are answered in order, --requests-per-turn at a time, and starve no session.",
        (
            *of(WIRE, "test_ten_thousand_frames_in_one_write_are_answered_in_order"),
            *of(WIRE, "test_ten_thousand_frames_do_not_starve_a_session"),
            *of(LIMITS, "test_requests_per_turn_are_handled_and_one_more_leaves_the_others_their_turn"),
            *of(HOSTILE_CLIENTS, "test_tiny_frames_by_the_thousand_are_answered_one_by_one"),
        ),
    ),
    Row(
        "G15",
        "A wrong length never makes bytes from inside a body a request.",
        (
            *of(MALFORMED, "test_a_wrong_length_never_executes_bytes_from_inside_a_body"),
            *of(MUTATED, f"{TAKEN}[length_too_small]", f"{TAKEN}[length_too_large]"),
            *of(FUZZED_PROCESS, "test_a_stream_that_loses_the_boundary_gets_one_last_word_and_an_orderly_end"),
        ),
    ),
    Row(
        "G16",
        "A byte order mark, UTF-16 and UTF-32 are parse errors, and nothing is guessed.",
        (
            *of(MALFORMED, f"{NOT_JSON}[UTF-16]", f"{NOT_JSON}[UTF-16 without a mark]"),
            *of("protocol/test_json_text.py", "test_only_utf_8_without_a_mark_is_taken"),
            *of(MUTATED, f"{TAKEN}[utf_16]", f"{TAKEN}[utf_32]", f"{TAKEN}[byte_order_mark]"),
        ),
    ),
    Row(
        "G17",
        "Each byte of the input is looked at a few times only, however small the pieces are in which it comes.",
        of(
            FRAMER,
            "test_one_byte_feeds_search_each_byte_of_the_stream_a_few_times_only",
            "test_a_body_that_comes_byte_by_byte_is_not_searched",
        ),
    ),
    Row(
        "G18",
        "The length of a frame counts bytes and not characters.",
        (
            *of(FRAMER, "test_a_frame_counts_its_body_in_bytes"),
            *of(MALFORMED, "test_an_id_is_echoed_exactly"),
        ),
    ),
)
