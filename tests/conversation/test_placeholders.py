"""pipe_rpc/conversation/placeholders.py: what stands for a value, and what only looks like it."""

import os
from typing import Any

import pytest

from pipe_rpc.conversation.placeholders import (
    CLIENT_PROCESS_ID,
    Bindings,
    PlaceholderError,
    check_client_message,
    check_server_message,
    environment_placeholder,
    escape,
    is_placeholder,
    literal,
    named,
)


@pytest.mark.parametrize("text", ["${any}", "${sessionId:1}", "$${any}", "$$$${}", "${}", "${env:A=B c}"])
def test_what_looks_like_a_placeholder_is_escaped_and_comes_back(text: str) -> None:
    assert escape(text) == "$" + text
    assert not is_placeholder(escape(text))
    assert literal(escape(text)) == text


@pytest.mark.parametrize("text", ["", "$", "${", "$}", "${a}b", "a${a}", "$HOME", "${a}${b}", "$$", "{a}", "${a}\n"])
def test_what_does_not_stays_as_it_is(text: str) -> None:
    assert escape(text) == text
    assert not is_placeholder(text)
    assert literal(text) == text


@pytest.mark.parametrize(
    ("wildcard", "fitting", "others"),
    [
        ("${any}", [None, 1, "", [], {}], []),
        ("${string}", ["", "x"], [None, 1, []]),
        ("${number}", [0, -1.5], [True, "1", None]),
        ("${boolean}", [True, False], [0, 1, None]),
        ("${array}", [[], [1]], [{}, "[]"]),
        ("${object}", [{}], [[], None]),
        ("${pid}", [1, 4711], [0, -1, 1.0, True, "1"]),
    ],
)
def test_a_wildcard_fits_what_it_names(wildcard: str, fitting: list[Any], others: list[Any]) -> None:
    bindings = Bindings({})
    assert all(bindings.fits(wildcard, value) for value in fitting)
    assert not any(bindings.fits(wildcard, value) for value in others)


def test_a_name_is_bound_once_and_the_same_from_then_on() -> None:
    bindings = Bindings({})
    assert bindings.fits("${sessionId:1}", "a")
    bindings.bind("${sessionId:1}", "a")
    bindings.bind("${sessionId:1}", "b")
    assert bindings.fits("${sessionId:1}", "a")
    assert not bindings.fits("${sessionId:1}", "b")
    assert bindings.fill({"params": ["${sessionId:1}"]}) == {"params": ["a"]}


def test_two_names_of_one_kind_have_two_values_and_of_two_kinds_may_have_one() -> None:
    bindings = Bindings({})
    bindings.bind("${sessionId:1}", "a")
    assert not bindings.fits("${sessionId:2}", "a")
    assert bindings.fits("${token:1}", "a")


def test_1_and_the_text_1_are_two_values() -> None:
    bindings = Bindings({})
    bindings.bind("${requestId:1}", 1)
    assert not bindings.fits("${requestId:1}", "1")
    assert bindings.fits("${requestId:2}", "1")
    assert not bindings.fits("${requestId:2}", None)


def test_a_client_message_is_filled_in() -> None:
    bindings = Bindings({"GIVEN": "value"})
    filled = bindings.fill(["${env:GIVEN}", "${env:NOT_GIVEN}", CLIENT_PROCESS_ID, "$${any}", "text", 1, None])
    assert filled == ["value", "", os.getpid(), "${any}", "text", 1, None]
    with pytest.raises(PlaceholderError, match="has no value"):
        bindings.fill("${sessionId:9}")


def test_what_means_nothing_where_it_stands_is_refused() -> None:
    check_server_message(["${any}", "${sessionId:1}", "$${HOME}"])
    check_client_message(["${env:A}", CLIENT_PROCESS_ID, "${sessionId:1}", "$${HOME}"], {"${sessionId:1}"})
    for message in ("${HOME}", "${env:A}", CLIENT_PROCESS_ID):
        with pytest.raises(PlaceholderError, match=r"write \$"):
            check_server_message({"a": [message]})
    for message in ("${HOME}", "${any}"):
        with pytest.raises(PlaceholderError, match=r"write \$"):
            check_client_message({"a": [message]}, set())
    with pytest.raises(PlaceholderError, match="no server message before this line"):
        check_client_message("${sessionId:1}", {"${sessionId:2}"})


def test_a_variable_whose_name_no_placeholder_can_hold_is_empty() -> None:
    assert environment_placeholder("TOKEN") == "${env:TOKEN}"
    assert named("${env:TOKEN}") is None
    assert environment_placeholder("A{B}") == ""
    assert environment_placeholder("") == ""
