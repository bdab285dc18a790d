"""pipe_rpc/session/searches.py: shared patterns, and turns of bounded cost."""

from __future__ import annotations

import pytest

from pipe_rpc.buffers.matcher import PatternError
from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.limits import Limits
from pipe_rpc.session import searches as module
from pipe_rpc.session.searches import Searches


def test_a_pattern_is_shared_by_those_who_wait_for_it() -> None:
    searches = Searches(Limits(max_patterns=1))
    first = searches.borrow("a+")
    assert searches.borrow("a+") is first
    with pytest.raises(PipeRpcError) as refused:
        searches.borrow("b+")
    assert refused.value.code == ErrorCode.LIMIT_EXCEEDED
    searches.give_back("a+")
    with pytest.raises(PipeRpcError):
        searches.borrow("b+")
    searches.give_back("a+")
    assert searches.borrow("b+").search(b"abb", 0) is not None


def test_a_bad_pattern_takes_no_room() -> None:
    searches = Searches(Limits(max_patterns=1))
    with pytest.raises(PatternError):
        searches.borrow("(")
    searches.borrow("a")


def test_where_memory_may_be_refused_no_pattern_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "memory_may_be_refused", lambda: True)
    with pytest.raises(PipeRpcError, match="Use a literal") as refused:
        Searches(Limits()).borrow("a")
    assert refused.value.code == ErrorCode.LIMIT_EXCEEDED
    assert refused.value.data["limit"] == "memory"


def test_a_turn_goes_round_and_ends_when_its_share_is_spent() -> None:
    searches = Searches(Limits())
    calls: list[str] = []

    def step(name: str, costs: list[int | None]) -> module.Step:
        def search() -> int | None:
            calls.append(name)
            return costs.pop(0)

        return search

    third = module._TURN_COST // 3 + 1
    searches.put(step("a", [third, third, None]))
    searches.put(step("b", [third, third, third, None]))
    assert searches.search()
    assert calls == ["a", "b", "a"]
    assert not searches.search()
    assert calls[3:] == ["b", "a", "b", "b"]


def test_who_was_discarded_gets_no_turn() -> None:
    searches = Searches(Limits())

    def step() -> int | None:
        raise AssertionError("it has a turn")

    searches.put(step)
    searches.discard(step)
    searches.discard(step)
    assert not searches.search()
