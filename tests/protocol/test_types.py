"""pipe_rpc/protocol/types/: each message and each member says what it is."""

import subprocess
import sys
import typing
from typing import Any, get_args, get_origin

import attrs
import pytest

from pipe_rpc.errors import ErrorCode
from pipe_rpc.protocol import types
from pipe_rpc.protocol.methods import NOTIFICATIONS, SESSION_METHODS
from pipe_rpc.protocol.types import member

MESSAGES = [getattr(types, name) for name in types.__all__]
MEMBERS = [(message, field) for message in MESSAGES for field in attrs.fields(message)]


def test_every_message_class_is_listed() -> None:
    defined = {
        each.__name__
        for module in (types.params, types.results, types.notifications)
        for each in vars(module).values()
        if isinstance(each, type) and attrs.has(each)
    }
    assert set(types.__all__) == defined


@pytest.mark.parametrize("message", MESSAGES, ids=lambda each: each.__name__)
def test_every_message_is_frozen_documented_and_built_by_names(message: type[Any]) -> None:
    assert message.__doc__
    assert message.__doc__.endswith(".")
    assert not message.__doc__.startswith("Method generated")
    assert all(field.kw_only for field in attrs.fields(message))


def test_every_member_is_documented() -> None:
    for message, field in MEMBERS:
        doc = field.metadata["doc"]
        assert len(doc) > len("It."), (message, field.name)
        assert doc.endswith("."), (message, field.name)


def test_a_member_that_may_be_none_says_in_words_what_that_means() -> None:
    for message, field in MEMBERS:
        takes_none = type(None) in get_args(field.type)
        if field.metadata["fallback"] is not None:
            assert field.default is None, (message, field.name)
            assert takes_none, (message, field.name)
        elif takes_none:
            assert field.metadata["nullable"], (message, field.name)
        if field.metadata["nullable"]:
            assert takes_none, (message, field.name)
            assert field.default is attrs.NOTHING, "a member of a result is always there, as null where there is none"


def test_the_annotations_are_types_and_not_names_of_types() -> None:
    for message, field in MEMBERS:
        assert field.type == typing.get_type_hints(message)[field.name]


def test_every_message_is_used_by_a_method_or_another_message() -> None:
    used = {row.params for row in (*SESSION_METHODS, *NOTIFICATIONS)} | {row.result for row in SESSION_METHODS}
    for message in MESSAGES:
        used |= {_named(field.type) for field in attrs.fields(message)}
        used |= {base.__name__ for base in message.__mro__[1:] if attrs.has(base)}
    assert set(types.__all__) <= used


def _named(annotation: Any) -> str | None:
    if get_origin(annotation) is not None:
        return next((name for name in map(_named, get_args(annotation)) if name in types.__all__), None)
    return getattr(annotation, "__name__", None)


def test_a_message_cannot_be_changed() -> None:
    message = types.InfoParams(session_id="pipe-1")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        message.session_id = "pipe-2"  # type: ignore[misc]  # what mypy refuses is refused at run time, too


def test_the_defaults_are_those_of_the_contract() -> None:
    spawn = types.SpawnParams(argv=["true"])  # type: ignore[list-item]  # a NewType of str
    assert attrs.asdict(spawn) == {
        "argv": ["true"],
        "cwd": None,
        "env": {},
        "inherit_env": True,
        "env_file": None,
        "rlimits": {},
        "nice": 0,
        "originator": None,
        "command": None,
        "merge_stderr": False,
        "stdin": "pipe",
        "attach": None,
        "encoding": None,
        "overflow": "block",
        "backlog_bytes": None,
        "timeout_ms": None,
        "grace_ms": None,
        "session_id": None,
        "tee": {},
    }
    write = types.WriteParams(session_id="s")
    assert (write.data, write.encoding, write.close) == ("", "utf-8", False)
    read = types.ReadParams(session_id="s", stream="stdout")
    assert (read.from_offset, read.max_bytes, read.wait_ms, read.encoding) == (None, None, 0, None)
    attach = types.AttachParams(session_id="s", stream="stdout")
    assert (attach.steal, attach.from_offset, attach.encoding) == (False, None, None)
    assert types.WaitParams(session_id="s").until == "exited"
    assert types.WaitParams(session_id="s").timeout_ms is None
    assert types.TerminateAllParams() == types.TerminateAllParams(originator="", older_than_ms=0, grace_ms=None)
    assert types.InfoParams(session_id="s").usage is types.ListParams().usage is False
    assert types.ListParams().originator == types.PurgeParams().originator == ""
    assert types.RemoveParams(session_id="s").force is False


def test_no_two_spawns_share_an_environment() -> None:
    first, second = (types.SpawnParams(argv=["true"]) for _ in range(2))  # type: ignore[list-item]  # a NewType of str
    assert first.env is not second.env


@pytest.mark.parametrize(
    ("alias", "values"),
    [
        (member.StreamName, {"stdout", "stderr"}),
        (member.EncodingName, {"utf-8", "base64", "auto"}),
        (member.TextEncodingName, {"utf-8", "base64"}),
        (member.OverflowName, {"block", "dropOldest"}),
        (member.StateName, {"running", "terminating", "killing", "exited"}),
        (member.OutcomeName, {"naturalExit", "softExit", "hardKilled"}),
        (member.ReasonName, {"request", "timeout", "shutdown", "limit"}),
        (member.DetachReasonName, {"detached", "stolen", "ended", "removed"}),
    ],
)
def test_the_words_are_those_of_the_contract(alias: Any, values: set[str]) -> None:
    assert set(get_args(alias)) == values


def test_the_error_codes_are_those_of_the_contract() -> None:
    own = {code.kind: code.value for code in ErrorCode if code > 0}
    assert own == {
        "SessionNotFound": 1001,
        "SpawnFailed": 1002,
        "AlreadyAttached": 1003,
        "NotAttached": 1004,
        "StreamUnavailable": 1005,
        "StdinClosed": 1006,
        "StdinFull": 1007,
        "SessionRunning": 1008,
        "LimitExceeded": 1009,
        "OffsetOutOfRange": 1010,
        "SignalFailed": 1011,
        "TeeFailed": 1012,
        "AlreadyTeed": 1013,
        "NotTeed": 1014,
    }


def test_each_message_is_found_by_whoever_asks_first() -> None:
    script = "import sys, pipe_rpc.protocol.types as types; print(getattr(types, sys.argv[1]).__name__)"
    for name in ("SpawnParams", "SessionInfo", "OutputParams"):
        ended = subprocess.run([sys.executable, "-c", script, name], capture_output=True, text=True, check=True)
        assert ended.stdout == f"{name}\n"


def test_the_server_waits_for_no_message_that_only_clients_read() -> None:
    script = "import sys, pipe_rpc.server.handlers; print(*(each for each in sys.modules if '.types.' in each))"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["pipe_rpc.protocol.types.member", "pipe_rpc.protocol.types.params"]


def test_what_is_no_message_is_not_found() -> None:
    with pytest.raises(AttributeError, match=r"'pipe_rpc\.protocol\.types' has no attribute 'Unknown'"):
        types.Unknown  # noqa: B018 - to ask is the test
