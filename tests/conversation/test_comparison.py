"""pipe_rpc/conversation/comparison.py: equal, or as near as it fits."""

from typing import Any

import pytest

from pipe_rpc.conversation.comparison import could_be, expectation, same
from pipe_rpc.conversation.placeholders import Bindings


def nearest(expected: Any, actual: Any, *, allow_extra: bool = False) -> Any:
    return expectation(expected, actual, Bindings({}), allow_extra=allow_extra)


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), ({"a": 1, "b": 2}, {"b": 2, "a": 1}), ([], []), (None, None), ([{"a": 0}], [{"a": 0.0}])],
)
def test_values_are_the_same_as_json_has_it(one: Any, other: Any) -> None:
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (0, False), ("1", 1), (None, False), ([1], [1, 2]), ({"a": 1}, {}), ({}, []), ([1, 2], [2, 1])],
)
def test_other_values_are_not(one: Any, other: Any) -> None:
    assert not same(one, other)
    assert not same(other, one)


def test_only_what_is_wrong_differs_from_what_came() -> None:
    expected = {"a": "${number}", "b": "${string}", "c": [1, "$${any}"], "d": "${any}"}
    came = {"d": None, "c": [1, "${any}"], "b": 5, "a": 7}
    told = nearest(expected, came)
    assert told == {"d": None, "c": [1, "${any}"], "b": "${string}", "a": 7}
    assert list(told) == list(came), "in the order in which it came"


@pytest.mark.parametrize("came", [{}, {"a": 1, "b": 2}, {"b": 1}, [], None])
def test_a_member_less_or_more_differs(came: Any) -> None:
    assert not same(nearest({"a": "${any}"}, came), came)


def test_a_member_more_may_be_allowed_and_an_item_more_not() -> None:
    came = {"a": {"x": 1, "y": 2}, "z": [1]}
    assert same(nearest({"a": {"x": 1}, "z": [1]}, came, allow_extra=True), came)
    assert not same(nearest({"a": {"x": 1}, "z": []}, came, allow_extra=True), came)
    assert not same(nearest({"a": {"w": "${any}"}, "z": [1]}, came, allow_extra=True), came)


def test_a_list_of_another_length_differs_whatever_may_stand_in_it() -> None:
    for came in ([], [1], [1, None, 2]):
        assert not same(nearest(["${any}", "${any}"], came), came)


def test_the_value_of_a_name_shows_where_another_came() -> None:
    bindings = Bindings({})
    bindings.bind("${sessionId:1}", "a")
    assert expectation("${sessionId:1}", "b", bindings, allow_extra=False) == "a"


def test_asking_whether_it_could_be_binds_nothing() -> None:
    bindings = Bindings({})
    assert could_be("${sessionId:1}", "a", bindings)
    assert could_be("${sessionId:1}", "b", bindings)
    assert could_be("$${any}", "${any}", bindings)
    assert not could_be(1, "1", bindings)
