"""pipe_rpc/child/memory_limit.py: known before anything is asked for that the system would refuse."""

import errno
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from pipe_rpc.child import memory_limit
from pipe_rpc.child.memory_limit import memory_may_be_refused
from pipe_rpc.protocol.json_writer import JsonWriter

FAR_AWAY = 1 << 46
"""Bytes: a limit that no test meets."""
LIMITS = [resource.RLIMIT_AS, resource.RLIMIT_DATA]


@contextmanager
def limited(which: int) -> Iterator[None]:
    before = resource.getrlimit(which)
    resource.setrlimit(which, (FAR_AWAY, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(which, before)


@pytest.fixture
def accounting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """What stands for the setting of the machine."""
    path = tmp_path / "overcommit_memory"
    path.write_text("0\n")
    monkeypatch.setattr(memory_limit, "_ACCOUNTING", str(path))
    memory_limit._is_accounted.cache_clear()
    yield path
    memory_limit._is_accounted.cache_clear()


@pytest.mark.parametrize("which", LIMITS)
def test_a_limit_is_seen_from_the_moment_that_it_is_set(which: int, accounting: Path) -> None:
    assert not memory_may_be_refused()
    with limited(which):
        assert memory_may_be_refused()
    assert not memory_may_be_refused()


@pytest.mark.skipif(sys.platform != "linux", reason="a setting of Linux")
@pytest.mark.parametrize(("setting", "refused"), [("0\n", False), ("1\n", False), ("2\n", True)])
def test_where_the_system_promises_no_more_than_it_has_it_may_refuse(
    setting: str, refused: bool, accounting: Path
) -> None:
    accounting.write_text(setting)
    assert memory_may_be_refused() is refused


@pytest.mark.skipif(sys.platform != "linux", reason="a setting of Linux")
def test_where_nobody_can_know_it_may_be_refused(accounting: Path) -> None:
    accounting.unlink()
    assert memory_may_be_refused()


def test_where_the_system_does_not_tell_its_limits_it_may_be_refused(
    accounting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def getrlimit(which: int) -> tuple[int, int]:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(memory_limit, "getrlimit", getrlimit)
    assert memory_may_be_refused()


def test_the_encoder_that_does_not_survive_a_refusal_is_not_called_under_a_limit(
    accounting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[object] = []

    def dumps(message: object) -> bytes:
        called.append(message)
        return b"fast"

    monkeypatch.setattr(orjson, "dumps", dumps)
    writer = JsonWriter(import_behind_bytes=0)
    assert writer.write([1]) == b"[1]"
    with limited(resource.RLIMIT_AS):
        assert writer.write([2]) == b"[2]"
    assert writer.write([3]) == b"fast"
    assert called == [[3]]
