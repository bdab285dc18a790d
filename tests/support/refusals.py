"""What tests expect of refusals."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.oracle import ERROR_KINDS
from tests.support.trace import Message
from tests.support.wire_client import WireClient, WireError

INVALID_PARAMS = -32602
REQUEST_CANCELLED = -32800
CODES = {kind: code for code, kind in ERROR_KINDS.items()}


def refusal(client: WireClient, kind: str, method: str, params: Message) -> WireError:
    """Send a request that must fail with the error of that name; return the error."""
    return check_refusal(client, kind, client.start(method, params))


def check_refusal(client: WireClient, kind: str, request_id: int | str) -> WireError:
    """The request that was started must fail with the error of that name; return the error."""
    with pytest.raises(WireError) as caught:
        client.result(request_id)
    error = caught.value
    assert error.code == CODES[kind], f"expected {kind}, got {error}"
    assert error.data["kind"] == kind
    assert is_sentence(error.message), f"not a sentence for a person: {error.message!r}"
    return error


def is_sentence(text: str) -> bool:
    """Several words, for people: neither a name nor an empty phrase."""
    return len(text.split()) >= 3


def problems(client: WireClient, method: str, params: Any) -> dict[str, str]:
    """Send a request whose params must be refused; return the problems by path."""
    with pytest.raises(WireError) as caught:
        client.request(method, params)
    assert caught.value.code == INVALID_PARAMS, f"{method} {params!r}: expected -32602, got {caught.value}"
    return {problem["path"]: problem["problem"] for problem in caught.value.data["problems"]}
