"""pipe_rpc/session/stdin_pipe.py, over real pipes, one turn at a time."""

import fcntl
import os
import sys
from collections.abc import Iterator

import pytest

from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.session.stdin_budget import StdinBudget
from pipe_rpc.session.stdin_pipe import StdinPipe, Write
from tests.session.harness import StillLoop, bytes_in_pipe, fill_pipe

LIMIT = 300_000


class Stdin:
    """A stdin pipe and the child's end of it."""

    def __init__(self, budget: StdinBudget | None = None) -> None:
        self.loop = StillLoop()
        self.budget = budget or StdinBudget(LIMIT)
        self.reader, writer = os.pipe()
        self.capacity = 65536
        if sys.platform == "linux":
            self.capacity = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        os.set_blocking(self.reader, False)
        self.pipe = StdinPipe(writer, self.loop, self.budget, max_bytes=LIMIT)
        self.answers: list[tuple[str, int, PipeRpcError | None]] = []

    def write(self, name: str, data: bytes, *, close: bool = False) -> object:
        """Ask for a write whose answer is noted under a name."""
        return self.pipe.write(data, lambda size, error: self.answers.append((name, size, error)), close=close)

    def read(self) -> bytes:
        """What the child reads now."""
        return os.read(self.reader, 1 << 20)

    def read_all(self) -> bytes:
        """What the child reads in turns with the loop, until nothing more comes."""
        data = b""
        while True:
            try:
                piece = self.read()
            except BlockingIOError:
                return data
            if not piece:
                return data
            data += piece
            self.loop.run_turn()

    def close_reader(self) -> None:
        """The child closes its stdin."""
        if self.reader >= 0:
            fd, self.reader = self.reader, -1
            os.close(fd)

    def close(self) -> None:
        """Give everything back."""
        self.pipe.close("The test is over.")
        self.close_reader()
        self.loop.close()


@pytest.fixture
def stdin() -> Iterator[Stdin]:
    """An open stdin."""
    made = Stdin()
    yield made
    made.close()


def _refused(stdin: Stdin, data: bytes, *, close: bool = False) -> PipeRpcError:
    before = (stdin.pipe.pending_bytes, list(stdin.answers))
    with pytest.raises(PipeRpcError) as caught:
        stdin.write("refused", data, close=close)
    assert (stdin.pipe.pending_bytes, stdin.answers) == before
    return caught.value


def test_a_write_that_the_pipe_takes_is_answered_at_once(stdin: Stdin) -> None:
    stdin.write("a", b"hello")
    assert stdin.answers == [("a", 5, None)]
    assert stdin.pipe.pending_bytes == 0
    assert stdin.read() == b"hello"


def test_a_write_that_the_pipe_takes_in_part_is_answered_when_the_last_byte_is_in(stdin: Stdin) -> None:
    data = os.urandom(stdin.capacity * 3 + 1)
    stdin.write("a", data)
    assert stdin.answers == []
    assert stdin.pipe.pending_bytes == len(data) - stdin.capacity
    received = b""
    while len(data) - len(received) > stdin.capacity:
        assert stdin.answers == []
        received += stdin.read()
        stdin.loop.run_turn()
    assert stdin.answers == [("a", len(data), None)]
    assert received + stdin.read() == data


def test_writes_are_neither_reordered_nor_mixed(stdin: Stdin) -> None:
    pieces = [bytes([number]) * (number * 97 % 5000) for number in range(100)]
    for number, piece in enumerate(pieces):
        stdin.write(str(number), piece)
    assert stdin.read_all() == b"".join(pieces)
    for _ in pieces:
        stdin.loop.run_turn()
    assert stdin.answers == [(str(number), len(piece), None) for number, piece in enumerate(pieces)]


def test_a_full_pipe_costs_no_turns_while_nothing_is_queued(stdin: Stdin) -> None:
    stdin.write("a", b"x" * stdin.capacity)
    assert stdin.answers == [("a", stdin.capacity, None)]
    stdin.write("b", b"y")
    stdin.loop.run_turn()
    assert stdin.pipe.pending_bytes == 1
    assert stdin.read_all() == b"x" * stdin.capacity + b"y"
    stdin.loop.run_turn()
    assert stdin.pipe.pending_bytes == 0
    assert not stdin.loop._selector.get_map()


def test_above_the_limit_a_write_is_refused_whole(stdin: Stdin) -> None:
    stdin.write("a", b"x" * (LIMIT + stdin.capacity - 1 - stdin.capacity))
    waiting = LIMIT - 1 - stdin.capacity
    assert stdin.pipe.pending_bytes == waiting
    error = _refused(stdin, b"y" * (stdin.capacity + 2))
    assert error.code is ErrorCode.STDIN_FULL
    assert dict(error.data) == {"pendingBytes": waiting, "limitBytes": LIMIT}
    stdin.write("b", b"y" * (stdin.capacity + 1))
    assert stdin.pipe.pending_bytes == LIMIT
    assert stdin.read_all() == b"x" * (LIMIT - 1) + b"y" * (stdin.capacity + 1)


def test_a_single_write_above_the_limit_is_refused_although_nothing_waits(stdin: Stdin) -> None:
    assert _refused(stdin, b"x" * (LIMIT + 1)).code is ErrorCode.STDIN_FULL
    assert stdin.pipe.is_open
    assert bytes_in_pipe(stdin.reader) == 0


def test_a_close_comes_behind_every_byte(stdin: Stdin) -> None:
    data = b"z" * (stdin.capacity * 2)
    stdin.write("data", data)
    stdin.write("close", b"end", close=True)
    assert not stdin.pipe.is_open
    assert stdin.read_all() == data + b"end"
    assert stdin.answers == [("data", len(data), None), ("close", 3, None)]
    assert stdin.read() == b""


def test_a_close_with_nothing_to_write_closes_at_once(stdin: Stdin) -> None:
    stdin.write("close", b"", close=True)
    assert stdin.answers == [("close", 0, None)]
    assert stdin.read() == b""
    assert repr(stdin.pipe) == "<StdinPipe closed, 0 bytes wait>"


@pytest.mark.parametrize("close", [False, True])
def test_behind_a_close_that_waits_writes_are_refused(stdin: Stdin, *, close: bool) -> None:
    fill_pipe(stdin.pipe._descriptor.fd if stdin.pipe._descriptor else -1)
    stdin.write("close", b"end", close=True)
    assert stdin.answers == []
    error = _refused(stdin, b"more", close=close)
    assert error.code is ErrorCode.STDIN_CLOSED
    assert dict(error.data) == {"bytesWritten": 0}
    assert "earlier write closed it" in error.message


@pytest.mark.parametrize(("data", "close"), [(b"more", False), (b"", True), (b"more", True)])
def test_behind_a_close_writes_are_refused(stdin: Stdin, data: bytes, *, close: bool) -> None:
    stdin.write("close", b"", close=True)
    error = _refused(stdin, data, close=close)
    assert error.code is ErrorCode.STDIN_CLOSED
    assert "earlier write closed it" in error.message


def test_to_write_nothing_is_no_error_even_behind_a_close(stdin: Stdin) -> None:
    stdin.write("nothing", b"")
    stdin.write("close", b"", close=True)
    stdin.write("nothing more", b"")
    assert stdin.answers == [("nothing", 0, None), ("close", 0, None), ("nothing more", 0, None)]


def test_to_write_nothing_is_no_error_even_behind_a_close_that_waits(stdin: Stdin) -> None:
    stdin.write("data", b"x" * (stdin.capacity + 1))
    stdin.write("close", b"", close=True)
    stdin.write("nothing", b"")
    assert stdin.answers == [("nothing", 0, None)]
    assert stdin.read_all() == b"x" * (stdin.capacity + 1)
    assert stdin.answers[1:] == [("data", stdin.capacity + 1, None), ("close", 0, None)]


def test_an_empty_write_waits_for_those_before_it(stdin: Stdin) -> None:
    stdin.write("data", b"x" * (stdin.capacity + 1))
    stdin.write("nothing", b"")
    assert stdin.answers == []
    stdin.read()
    stdin.loop.run_turn()
    assert [name for name, _, _ in stdin.answers] == ["data", "nothing"]


def test_when_the_child_has_closed_its_stdin_the_next_write_is_answered_so(stdin: Stdin) -> None:
    stdin.close_reader()
    stdin.write("late", b"data")
    [(name, size, error)] = stdin.answers
    assert (name, size) == ("late", 0)
    assert error is not None
    assert (error.code, dict(error.data)) == (ErrorCode.STDIN_CLOSED, {"bytesWritten": 0})
    assert "The child has closed its stdin" in error.message
    assert not stdin.pipe.is_open
    assert _refused(stdin, b"more").code is ErrorCode.STDIN_CLOSED


def test_when_the_child_closes_while_writes_wait_each_is_answered_with_what_had_gone_in(stdin: Stdin) -> None:
    stdin.write("first", b"a" * (stdin.capacity + 10))
    stdin.write("second", b"b")
    stdin.write("third", b"", close=True)
    stdin.close_reader()
    stdin.loop.run_turn()
    assert [(name, size, error and error.data["bytesWritten"]) for name, size, error in stdin.answers] == [
        ("first", stdin.capacity, stdin.capacity),
        ("second", 0, 0),
        ("third", 0, 0),
    ]
    assert stdin.pipe.pending_bytes == 0
    assert not stdin.loop._selector.get_map()


def test_a_close_from_our_side_answers_what_waits_with_its_reason(stdin: Stdin) -> None:
    stdin.write("first", b"a" * (stdin.capacity + 10))
    stdin.pipe.close("The child has exited.")
    [(_, size, error)] = stdin.answers
    assert size == stdin.capacity
    assert error is not None
    assert error.message == "Nothing more can be written to the child's stdin. The child has exited."
    stdin.pipe.close("Something else.")
    assert "has exited" in _refused(stdin, b"x").message


def test_stdin_that_was_never_a_pipe_says_how_to_get_one() -> None:
    loop = StillLoop()
    pipe = StdinPipe(None, loop, StdinBudget(LIMIT), max_bytes=LIMIT)
    assert not pipe.is_open
    with pytest.raises(PipeRpcError, match='spawn with "pipe"') as caught:
        pipe.write(b"x", lambda *_: None, close=False)
    assert caught.value.code is ErrorCode.STDIN_CLOSED
    pipe.close("The child has exited.")
    with pytest.raises(PipeRpcError, match='spawn with "pipe"'):
        pipe.write(b"", lambda *_: None, close=True)
    loop.close()


def test_a_cancelled_write_enters_the_pipe_no_further_and_is_not_answered(stdin: Stdin) -> None:
    data = b"a" * (stdin.capacity + 10)
    first = stdin.pipe.write(data, lambda *_: pytest.fail("answered"), close=False)
    stdin.write("second", b"b")
    stdin.pipe.cancel(first)
    assert first.written == stdin.capacity
    assert stdin.pipe.pending_bytes == 1
    assert stdin.read_all() == b"a" * stdin.capacity + b"b"
    assert stdin.answers == [("second", 1, None)]


def test_cancelling_the_last_write_ends_the_watch_and_later_writes_go_on(stdin: Stdin) -> None:
    only = stdin.pipe.write(b"a" * (stdin.capacity + 10), lambda *_: pytest.fail("answered"), close=False)
    stdin.pipe.cancel(only)
    assert stdin.pipe.pending_bytes == 0
    assert not stdin.loop._selector.get_map()
    stdin.read()
    stdin.write("next", b"b")
    assert stdin.read() == b"b"


def test_a_cancelled_close_closes_nothing(stdin: Stdin) -> None:
    stdin.write("data", b"a" * (stdin.capacity + 1))
    closing = stdin.pipe.write(b"", lambda *_: pytest.fail("answered"), close=True)
    assert not stdin.pipe.is_open
    stdin.pipe.cancel(closing)
    assert stdin.pipe.is_open
    stdin.write("more", b"b")
    assert stdin.read_all() == b"a" * (stdin.capacity + 1) + b"b"


def test_an_answer_may_ask_for_the_next_write(stdin: Stdin) -> None:
    def next_write(size: int, error: PipeRpcError | None) -> None:
        assert (size, error) == (stdin.capacity + 1, None)
        stdin.write("second", b"b" * 10)

    stdin.pipe.write(b"a" * (stdin.capacity + 1), next_write, close=False)
    assert stdin.read_all() == b"a" * (stdin.capacity + 1) + b"b" * 10
    assert stdin.answers == [("second", 10, None)]


def test_an_answer_may_close(stdin: Stdin) -> None:
    stdin.pipe.write(b"a" * (stdin.capacity + 1), lambda *_: stdin.pipe.close("Closed in the answer."), close=False)
    stdin.write("second", b"b")
    assert stdin.read_all() == b"a" * (stdin.capacity + 1)
    [(name, size, error)] = stdin.answers
    assert (name, size) == ("second", 0)
    assert error is not None
    assert "Closed in the answer." in error.message


def test_a_repr_tells_what_waits(stdin: Stdin) -> None:
    stdin.write("data", b"a" * (stdin.capacity + 1))
    assert repr(stdin.pipe) == "<StdinPipe open, 1 bytes wait>"


# ---- all of them together


@pytest.fixture
def pair() -> Iterator[tuple[Stdin, Stdin]]:
    """Two that share a budget."""
    budget = StdinBudget(100_000)
    one, other = Stdin(budget), Stdin(budget)
    yield one, other
    one.close()
    other.close()
    assert budget.pending_bytes == 0


def test_what_waits_for_one_child_is_room_that_another_does_not_have(pair: tuple[Stdin, Stdin]) -> None:
    one, other = pair
    one.write("large", b"x" * 90_000)
    waiting = one.pipe.pending_bytes
    assert waiting == one.budget.pending_bytes == 90_000 - one.capacity
    with pytest.raises(PipeRpcError, match="--max-total-stdin-bytes") as caught:
        other.write("refused", b"y" * (100_000 - waiting + 1))
    assert caught.value.code is ErrorCode.STDIN_FULL
    assert caught.value.data == {"pendingBytes": waiting, "limitBytes": 100_000}
    other.write("taken", b"y" * (100_000 - waiting))
    one.read_all()
    other.read_all()
    assert [name for name, _, error in (*one.answers, *other.answers) if error is None] == ["large", "taken"]


@pytest.mark.parametrize("end", ["reading", "closing", "a gone reader", "cancelling"])
def test_whatever_ends_a_write_gives_its_room_back(pair: tuple[Stdin, Stdin], end: str) -> None:
    one, _ = pair
    write = one.pipe.write(b"x" * 90_000, lambda size, error: None, close=False)
    match end:
        case "reading":
            one.read_all()
        case "closing":
            one.pipe.close("It is over.")
        case "a gone reader":
            one.close_reader()
            one.loop.run_turn()
        case _:
            one.pipe.cancel(write)
    assert one.budget.pending_bytes == one.pipe.pending_bytes == 0


def test_what_has_entered_the_pipe_takes_no_memory_any_more() -> None:
    write = Write(bytes(90_000), lambda size, error: None, close=False)
    longest = 0
    while write.remaining:
        write.drop(min(1000, len(write.remaining)))
        held = write.remaining.obj
        assert isinstance(held, bytes)
        longest = max(longest, len(held) - 2 * len(write.remaining))
    assert longest <= 0
    assert write.written == 90_000
