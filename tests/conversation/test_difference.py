"""pipe_rpc/conversation/difference.py: what a person sees."""

from pipe_rpc.conversation.difference import DifferenceError, printable


def test_only_what_differs_is_shown_and_what_stands_around_it() -> None:
    expected = {str(number): number for number in range(100)}
    shown = DifferenceError(7, "it differs", expected, {**expected, "50": None}).diff()
    assert shown[:2] == ["--- expected by line 7", "+++ received"]
    assert [line for line in shown if line[0] in "+-"][2:] == ['-  "50": 50,', '+  "50": null,']
    assert len(shown) == 13


def test_there_may_be_only_one_side() -> None:
    assert DifferenceError(1, "", None, {"a": 1}).diff()[-3:] == ["+{", '+  "a": 1', "+}"]
    assert DifferenceError(1, "").diff() == []


def test_no_more_is_shown_than_fits_on_a_screen_or_two() -> None:
    shown = DifferenceError(1, "", list(range(1000)), ["x" * 1000]).diff()
    assert len(shown) == 61
    assert shown[-1].endswith("lines more")
    assert max(map(len, DifferenceError(1, "", None, ["x" * 1000]).diff())) < 230


def test_a_terminal_obeys_nothing_of_it() -> None:
    controls = "\x1b[31m\x9b31m\x07\r"
    (line,) = DifferenceError(1, "", None, controls).diff()[-1:]
    assert line.isprintable()
    assert printable(controls) == "\\x1b[31m\\x9b31m\\x07\\r"
    assert printable("é\tok\n") == "é\tok\n"
    assert DifferenceError(1, "", None, "\ud800").diff()[-1] == '+"?"'
