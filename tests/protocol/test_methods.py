"""pipe_rpc/protocol/methods.py: the table, against the contract and against the types."""

import attrs
import pytest

from pipe_rpc.errors import ErrorCode
from pipe_rpc.protocol import types
from pipe_rpc.protocol.methods import (
    BASE_METHODS,
    COMMANDS,
    LSP_METHODS,
    METHODS,
    NOTIFICATIONS,
    SESSION_METHODS,
)
from pipe_rpc.server.handlers import _HANDLERS

ROWS = (*METHODS, *NOTIFICATIONS)
ALWAYS = {
    ErrorCode.PARSE_ERROR,
    ErrorCode.INVALID_REQUEST,
    ErrorCode.METHOD_NOT_FOUND,
    ErrorCode.INVALID_PARAMS,
    ErrorCode.INTERNAL_ERROR,
    ErrorCode.SERVER_NOT_INITIALIZED,
}
"""Any request may be refused with these, so no row names them."""


def test_the_methods_are_those_of_the_contract() -> None:
    verbs = (
        "spawn run attach detach read write signal terminate terminateAll wait waitFor tee untee info list remove purge"
    )
    assert [row.name for row in SESSION_METHODS] == [f"session/{verb}" for verb in verbs.split()]
    base = "initialize initialized shutdown exit $/cancelRequest $/setTrace"
    assert [row.name for row in BASE_METHODS] == base.split()
    assert [row.name for row in NOTIFICATIONS] == [
        f"session/{event}" for event in ("output", "detached", "teeError", "exited", "closed")
    ]
    assert {row.name for row in LSP_METHODS} == {"workspace/executeCommand", "window/workDoneProgress/cancel"}
    assert set(COMMANDS) == {f"pipe-rpc.{name}" for name in ("run", "rerunLast", "list", "terminate", "terminateAll")}


def test_no_name_stands_twice() -> None:
    names = [row.name for row in (*METHODS, *NOTIFICATIONS)]
    assert len(set(names)) == len(names)


def test_every_row_says_what_it_is_and_names_types_that_there_are() -> None:
    for row in ROWS:
        assert row.doc.endswith("."), row.name
        if row.params is not None:
            assert attrs.has(getattr(types, row.params)), row.name
        if row.result not in {None, "object", "null"}:
            assert attrs.has(getattr(types, str(row.result))), row.name


def test_the_errors_of_a_row_are_named_once_and_only_where_they_are_particular() -> None:
    for row in ROWS:
        assert len(set(row.errors)) == len(row.errors), row.name
        assert not set(row.errors) & ALWAYS, row.name


def test_every_session_method_has_typed_params_a_result_and_a_handler() -> None:
    assert all(row.params and row.result for row in SESSION_METHODS)
    assert set(_HANDLERS) == {row.name for row in SESSION_METHODS}


def test_a_method_about_a_session_may_not_find_it() -> None:
    for row in SESSION_METHODS:
        names = {field.name for field in attrs.fields(getattr(types, row.params or ""))}
        assert ("session_id" in names) is (ErrorCode.SESSION_NOT_FOUND in row.errors), row.name
        if {"session_id", "stream"} <= names:
            assert ErrorCode.STREAM_UNAVAILABLE in row.errors, row.name


def test_notifications_have_params_and_neither_result_nor_errors() -> None:
    for row in NOTIFICATIONS:
        assert row.params is not None
        assert row.result is None
        assert row.errors == ()


def test_every_error_of_ours_belongs_to_some_method() -> None:
    named = {code for row in METHODS for code in row.errors}
    assert named >= {code for code in ErrorCode if code > 0}


@pytest.mark.parametrize("code", ErrorCode)
def test_every_error_has_a_meaning_and_a_remedy(code: ErrorCode) -> None:
    assert code.meaning.endswith(".")
    assert code.remedy.endswith(".")
    assert code.kind.isalnum()
