"""The connection carries values as they are, answers every request once, and says how it ended."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from tests.editors.vim.vim import Vim

PEER = [sys.executable, "-m", "tests.editors.vim.peer"]
VALUES: dict[str, Any] = {
    "": {},
    "none": None,
    "no": False,
    "list": [],
    "nested": [[{"a": [1]}]],
    "text": 'caf\u00e9 \U0001f600\t"\\\x7f',
}
NUMBERS = [0.1, 1764271363.123456, 1e300, -0.5, 1500.0, 2**53 + 1, -(2**63), 2**63 - 1]


@pytest.fixture
def connected(vim: Vim) -> Vim:
    """An editor with a connection to a peer."""
    vim.call("TestConnect", PEER)
    return vim


def ask(vim: Vim, method: str, params: Any = None) -> Any:
    """The error and the result."""
    before = vim.value("len(g:test_answers)")
    vim.call("TestRequest", method, params)
    vim.wait_for(f"len(g:test_answers) > {before}")
    return vim.value("g:test_answers[-1]")


def test_values_come_back_as_they_went(connected: Vim) -> None:
    assert ask(connected, "echo", VALUES) == [{}, VALUES]
    assert ask(connected, "echo", None) == [{}, None]
    # Vim's own JSON would round them for the test, too.
    for number in NUMBERS:
        as_vim_has_it = f"json_decode('{number!r}')"
        connected.command(f"call TestRequest('echo', {{'number': {as_vim_has_it}}})")
        connected.wait_for(f"[g:test_answers[-1][1]] ==# [{{'number': {as_vim_has_it}}}]")


def test_frames_may_come_in_any_pieces(connected: Vim) -> None:
    assert ask(connected, "byte by byte") == [{}, "caf\u00e9 \U0001f600"]
    connected.call("TestRequest", "large", 4_000_000)
    connected.wait_for("!empty(g:test_answers[1:]) && len(g:test_answers[1][1]) == 4000000")


def test_an_error_says_what_kind_it_is(connected: Vim) -> None:
    error, _ = ask(connected, "refuse")
    assert (error["code"], error["message"], error["kind"]) == (1001, "no", "SessionNotFound")


def test_an_error_that_answers_nothing_is_told(connected: Vim) -> None:
    connected.call("TestRequest", "complain", None)
    assert connected.wait_for("g:test_said")[0]["error"]["message"] == "no JSON"


def test_a_server_that_asks_is_answered_also_where_its_id_is_a_text(connected: Vim) -> None:
    error, answers = ask(connected, "ask")
    assert error == {}
    assert [(answer["id"], answer["error"]["code"]) for answer in answers] == [("text", -32601), (7, -32601)]
    assert [message["id"] for message in connected.value("g:test_said")] == ["text", 7]


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("junk", "junk " * 2000),
        ("junk", "a: b\r\n\r\n"),
        ("body", "{]"),
        ("body", '{"method": 5}'),
        ("body", '{"id": 1, "error": "no"}'),
    ],
)
def test_what_is_no_message_ends_the_connection(connected: Vim, method: str, said: str) -> None:
    error, _ = ask(connected, method, said)
    assert "because it said what is no message" in error["message"]
    connected.wait_gone_but(0)
    assert connected.value("g:test_ended")[0].startswith("because it said")


def test_the_end_answers_what_waits_and_is_told_with_its_status(connected: Vim) -> None:
    error, _ = ask(connected, "exit", 3)
    assert error == {"message": "the server ended with status 3 before it answered", "kind": "ServerGone"}
    assert connected.value("g:test_ended") == ["with status 3"]
    assert connected.value("g:test_connection.stderr") == ["a last word"]
    error, _ = ask(connected, "echo", {})
    assert error["kind"] == "ServerGone"


def test_a_signal_that_ends_it_is_named(connected: Vim) -> None:
    connected.command("call job_stop(g:test_connection.job, 'kill')")
    assert connected.wait_for("g:test_ended") == ["by SIGKILL"]


def test_a_server_that_ended_before_it_was_asked_answers_by_how_it_ended(vim: Vim) -> None:
    vim.command("call TestConnect(['false']) | call TestAwaitZombie() | call TestRequest('echo', {})")
    assert vim.wait_for("g:test_answers")[0][0]["message"] == "the server ended with status 1 before it answered"
