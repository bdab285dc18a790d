"""Reads and writes that move fewer bytes than they might: nothing is lost, repeated or torn."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.faults.served import Served
from tests.support.dose import dose
from tests.support.ledger import Ledger
from tests.support.programs import shell

pytestmark = pytest.mark.attack

CALLS = ("readv", "writev", "preadv", "pwritev")
BYTES = dose(short=500, ci=1000, long=20_000)


class Short:
    """A call that moves at most so many bytes."""

    def __init__(self, real: Callable[..., int], size: int) -> None:
        self.calls = 0
        self._real = real
        self._size = size

    def __call__(self, fd: int, pieces: Sequence[memoryview], *options: Any) -> int:
        self.calls += 1
        [first, *_] = [piece for piece in pieces if len(piece)]
        return self._real(fd, [first[: self._size]], *options)


@pytest.mark.skipif(not hasattr(os, "RWF_NOWAIT"), reason="the calls are Linux's")
@pytest.mark.parametrize("size", [1, 7])
@pytest.mark.parametrize("name", CALLS)
def test_a_conversation_in_crumbs_is_the_same(
    name: str, size: int, served: Served, monkeypatch: pytest.MonkeyPatch, ledger: Ledger
) -> None:
    data = bytes(index % 128 for index in range(BYTES))
    with monkeypatch.context() as patch:
        short = Short(getattr(os, name), size)
        patch.setattr(os, name, short)
        session = served.spawn(*shell("cat; echo err >&2; exit 3"))
        assert served.answer(served.write(session, data))["result"] == {"bytesWritten": BYTES}
        served.request("session/write", {"sessionId": session, "close": True})
        assert served.wait_exited(session)["exitCode"] == 3
        served.wait_closed(session)
        assert served.output(session) == data
        assert served.output(session, "stderr") == b"err\n"
        assert short.calls >= BYTES // size
    served.check_bystander()
    served.finish()
    ledger.enter("short reads and writes", tried=short.calls)
