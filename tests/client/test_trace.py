"""pipe_rpc/client/trace.py: one line for each message, which cannot steer a terminal."""

import json
import re
from typing import Any

import pytest

from pipe_rpc.client.trace import Trace


def text_of(line: str) -> str:
    """A line without its time."""
    match = re.fullmatch(r" *\d+\.\d{3} s (.*)\n", line)
    assert match, line
    return match[1]


def test_a_request_and_its_answer_name_the_method() -> None:
    trace = Trace()
    assert text_of(trace.line("client", {"id": 1, "method": "session/list", "params": {}})) == "→ #1 session/list {}"
    assert text_of(trace.line("server", {"id": 1, "result": None})) == "← #1 session/list null"


def test_a_refusal_says_so() -> None:
    trace = Trace()
    trace.line("client", {"id": 2, "method": "session/info", "params": None})
    line = text_of(trace.line("server", {"id": 2, "error": {"code": 1001, "message": "No."}}))
    assert line == '← #2 session/info failed {"code": 1001, "message": "No."}'


def test_a_notification_has_no_number() -> None:
    trace = Trace()
    assert text_of(trace.line("client", {"method": "exit", "params": None})) == "→ exit null"
    assert (
        text_of(trace.line("server", {"method": "session/closed", "params": {"a": "é"}}))
        == '← session/closed {"a": "é"}'
    )


def test_an_answer_to_nothing_is_an_answer() -> None:
    assert text_of(Trace().line("server", {"id": None, "error": {}})).startswith("← #None answer failed")


def test_a_long_message_is_cut_and_counted() -> None:
    line = text_of(Trace().line("server", {"method": "session/output", "params": "x" * 10_000}))
    assert len(line) < 300
    assert line.endswith("… (10002 characters)")


@pytest.mark.parametrize("text", ["\x1b[2J", "\r\n", "\0", "\x7f", "\x9b31m", "\u2028", "\u0085", "\x07", "\x84\x9f"])
def test_no_text_steers_the_terminal_or_breaks_the_line(text: str) -> None:
    for where in ({"params": text}, {"params": {text: text}}):
        line = Trace().line("server", {"method": "m", **where})
        controls = [each for each in line[:-1] if ord(each) < 0x20 or 0x7F <= ord(each) < 0xA0]
        assert controls == []
        assert line.count("\n") == 1


def test_what_is_shown_is_json() -> None:
    params: dict[str, Any] = {"data": 'a"b\\', "n": [1, None]}
    line = text_of(Trace().line("server", {"method": "m", "params": params}))
    assert json.loads(line.removeprefix("← m ")) == params


def test_the_methods_of_answered_requests_are_forgotten() -> None:
    trace = Trace()
    for number in range(100):
        trace.line("client", {"id": number, "method": "m"})
        trace.line("server", {"id": number, "result": 1})
    assert trace._methods == {}


def test_values_of_the_environment_are_not_shown() -> None:
    params = {"argv": ["true"], "env": {"TOKEN": "secret", "GONE": None, "ODD": [1, "secret"]}}
    line = text_of(Trace().line("client", {"id": 1, "method": "session/spawn", "params": params}))
    hidden = '{"TOKEN": "…", "GONE": null, "ODD": []}'
    assert line == f'→ #1 session/spawn {{"argv": ["true"], "env": {hidden}}}'
