"""pipe_rpc/lsp/last_line.py: what a progress display can show of any output."""

import os
from collections.abc import Callable, Iterator

import pytest

from pipe_rpc.buffers.ring_budget import RingBudget
from pipe_rpc.lsp.last_line import last_line
from pipe_rpc.session.announcement import StreamName
from pipe_rpc.session.attachment import Overflow
from pipe_rpc.session.output_stream import OutputStream
from pipe_rpc.session.read_order import ReadOrder
from tests.session.harness import StillLoop


@pytest.fixture
def said() -> Iterator[Callable[[bytes], str]]:
    """The last line of a stream that had these bytes in it."""
    loop = StillLoop()
    reader, writer = os.pipe()
    stream = OutputStream(
        StreamName.STDOUT,
        reader,
        loop,
        RingBudget(8192),
        ReadOrder(loop.now),
        backlog_bytes=8192,
        read_bytes=8192,
        most_runs=16,
        overflow=Overflow.BLOCK,
        on_progress=lambda: None,
    )

    def say(data: bytes) -> str:
        stream.ring.append(data)
        return last_line(stream)

    yield say
    stream.close()
    os.close(writer)
    loop.close()


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", ""),
        (b"\n\n", ""),
        (b"one", "one"),
        (b"one\ntwo\n", "two"),
        (b"one\ntwo\n\n  \n", "two"),
        (b"  indented  \n", "indented"),
        (b"10%\r20%\r30%", "30%"),
        (b"10%\r20%\r", "20%"),
        (b"windows\r\n", "windows"),
        (b"\x1b[31mred\x1b[0m\n", "red"),
        (b"\x1b[2J\x1b[1;1H\x1b[Kdone", "done"),
        (b"\x1b]0;title\x07text\n", "text"),
        (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"\x1bMup\x1b7", "up\x1b7".replace("\x1b7", "7")),
        (b"bell\x07 back\x08 nul\x00 del\x7f", "bell back nul del"),
        ("é€😀\n".encode(), "é€😀"),
        (b"\xff\xfe\n", "\ufffd\ufffd"),
        (b"a\tb", "a\tb"),
        (b"x" * 1000, "x" * 200),
        (b"first\n" + b"y" * 9000, "y" * 200),
        (b"\x1b[31m\n\x1b[0m\n", ""),
    ],
    ids=lambda each: repr(each)[:30],
)
def test_it_is_the_last_line_that_says_something(said: Callable[[bytes], str], data: bytes, line: str) -> None:
    assert said(data) == line


def test_a_line_longer_than_what_is_looked_at_begins_somewhere_within_it(said: Callable[[bytes], str]) -> None:
    assert said("é".encode() * 3000).strip("\ufffd") == "é" * 200 or len(said(b"")) == 200


def test_looking_consumes_nothing(said: Callable[[bytes], str]) -> None:
    assert said(b"word\n") == "word"
    assert said(b"") == "word"
    assert said(b"next\n") == "next"
