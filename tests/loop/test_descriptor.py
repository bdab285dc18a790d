"""Descriptors: what they answer instead of waiting, and that shared flags stay as they were found."""

import errno
import fcntl
import os
import pty
import socket
import stat
import sys
import tty
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple, NoReturn

import pytest

from pipe_rpc.loop.descriptor import Descriptor, OwnDescriptor, SharedDescriptor, claim

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="RWF_NOWAIT and /proc are Linux's")


class Ends(NamedTuple):
    """A reading and a writing descriptor number that belong together."""

    read_fd: int
    write_fd: int


MakeEnds = Callable[[], Ends]


def pipe_ends() -> Ends:
    return Ends(*os.pipe())


def socket_ends() -> Ends:
    reader, writer = socket.socketpair()
    return Ends(reader.detach(), writer.detach())


def pty_ends() -> Ends:
    """The terminal side reads what the other side writes, as it is."""
    controller_fd, terminal_fd = pty.openpty()
    tty.setraw(terminal_fd)
    return Ends(terminal_fd, controller_fd)


def flipped_pty_ends() -> Ends:
    """The terminal side writes."""
    terminal_fd, controller_fd = pty_ends()
    return Ends(controller_fd, terminal_fd)


ALL_ENDS = [pipe_ends, socket_ends, pty_ends, flipped_pty_ends]
PER_CALL_ENDS = [pipe_ends, socket_ends]


class Opener:
    """Opens descriptors for a test and closes those that it has left open."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def ends(self, make: MakeEnds) -> Ends:
        ends = make()
        for fd in ends:
            self.keep(fd)
        return ends

    def keep(self, fd: int) -> int:
        """Close `fd` after the test, unless it was closed before."""
        was = os.fstat(fd)

        def close() -> None:
            with suppress(OSError):
                if os.path.samestat(os.fstat(fd), was):
                    os.close(fd)

        self._stack.callback(close)
        return fd

    def own(self, fd: int) -> OwnDescriptor:
        descriptor = OwnDescriptor(fd)
        self._stack.callback(descriptor.close)
        return descriptor

    def shared(self, fd: int) -> SharedDescriptor:
        """A descriptor for a duplicate of `fd`: the open file description is the same."""
        descriptor = SharedDescriptor(os.dup(fd))
        self._stack.callback(descriptor.close)
        return descriptor

    def claim(self, fd: int) -> Descriptor:
        descriptor = claim(fd)
        self._stack.callback(descriptor.close)
        return descriptor


@pytest.fixture
def opener() -> Iterator[Opener]:
    with ExitStack() as stack:
        yield Opener(stack)


def status_flags(fd: int) -> int:
    return fcntl.fcntl(fd, fcntl.F_GETFL)


def close_on_exec(fd: int) -> bool:
    return bool(fcntl.fcntl(fd, fcntl.F_GETFD) & fcntl.FD_CLOEXEC)


def read(descriptor: Descriptor, size: int = 100) -> bytes | None:
    memory = bytearray(size)
    filled = descriptor.read_into([memoryview(memory)])
    return None if filled is None else bytes(memory[:filled])


def write(descriptor: Descriptor, *pieces: bytes) -> int | None:
    return descriptor.write([memoryview(piece) for piece in pieces])


def fill(descriptor: Descriptor) -> int:
    """Write until there is no room; return how much there was."""
    total = 0
    while (written := write(descriptor, bytes(1 << 16))) is not None:
        assert written > 0
        total += written
    return total


def own(opener: Opener, fd: int) -> Descriptor:
    return opener.own(fd)


def shared(opener: Opener, fd: int) -> Descriptor:
    return opener.shared(fd)


both_kinds = pytest.mark.parametrize("kind", [own, shared])
Kind = Callable[[Opener, int], Descriptor]


# ------------------------------------------------------------------------------------------- what both kinds answer


@both_kinds
@pytest.mark.parametrize("make", ALL_ENDS)
def test_bytes_are_carried_from_several_pieces_into_several_views(opener: Opener, kind: Kind, make: MakeEnds) -> None:
    ends = opener.ends(make)
    reader, writer = kind(opener, ends.read_fd), kind(opener, ends.write_fd)
    assert write(writer, b"ab", b"cdef") == 6
    memory = bytearray(10)
    assert reader.read_into([memoryview(memory)[2:3], memoryview(memory)[5:]]) == 6
    assert memory == b"\0\0a\0\0bcdef"


@both_kinds
@pytest.mark.parametrize("make", ALL_ENDS)
def test_where_nothing_is_there_yet_a_read_says_so_and_does_not_wait(
    opener: Opener, kind: Kind, make: MakeEnds
) -> None:
    ends = opener.ends(make)
    reader = kind(opener, ends.read_fd)
    assert read(reader) is None
    os.write(ends.write_fd, b"x")
    assert read(reader) == b"x"
    assert read(reader) is None


@both_kinds
@pytest.mark.parametrize("make", PER_CALL_ENDS)
def test_where_no_room_is_a_write_says_so_and_does_not_wait(opener: Opener, kind: Kind, make: MakeEnds) -> None:
    ends = opener.ends(make)
    writer = kind(opener, ends.write_fd)
    total = fill(writer)
    assert write(writer, b"x") is None
    left = total
    while left:
        left -= len(os.read(ends.read_fd, left))
    assert write(writer, b"x") == 1


@both_kinds
def test_a_write_for_which_there_is_little_room_is_cut(opener: Opener, kind: Kind) -> None:
    ends = opener.ends(pipe_ends)
    writer = kind(opener, ends.write_fd)
    total = fill(writer)
    os.read(ends.read_fd, total // 2)
    assert write(writer, b"x" * total, b"y") == total // 2


@both_kinds
@pytest.mark.parametrize("make", ALL_ENDS)
def test_a_read_after_the_writer_is_gone_gives_what_is_left_and_then_the_end(
    opener: Opener, kind: Kind, make: MakeEnds
) -> None:
    ends = opener.ends(make)
    reader = kind(opener, ends.read_fd)
    # A pseudo-terminal that hangs up may lose what was not read yet, so only the others say something first.
    last_words = b"last" if make in PER_CALL_ENDS else b""
    os.write(ends.write_fd, last_words)
    os.close(ends.write_fd)
    assert read(reader) == last_words
    assert read(reader) == b""
    assert read(reader) == b""


@both_kinds
def test_a_socket_that_was_reset_is_at_its_end(opener: Opener, kind: Kind) -> None:
    ends = opener.ends(socket_ends)
    reader = kind(opener, ends.read_fd)
    os.write(ends.read_fd, b"never read by the peer")
    os.close(ends.write_fd)
    assert read(reader) == b""


@both_kinds
@pytest.mark.parametrize("make", [pipe_ends, socket_ends, flipped_pty_ends])
def test_a_writer_whose_reader_is_gone_has_a_broken_pipe(opener: Opener, kind: Kind, make: MakeEnds) -> None:
    ends = opener.ends(make)
    writer = kind(opener, ends.write_fd)
    os.close(ends.read_fd)
    for _ in range(2):
        with pytest.raises(BrokenPipeError):
            write(writer, b"x")


@both_kinds
def test_a_socket_that_was_shut_down_for_writing_has_a_broken_pipe(opener: Opener, kind: Kind) -> None:
    ends = opener.ends(socket_ends)
    with socket.socket(fileno=os.dup(ends.write_fd)) as writing_side:
        writing_side.shutdown(socket.SHUT_WR)
    with pytest.raises(BrokenPipeError):
        write(kind(opener, ends.write_fd), b"x")


@both_kinds
@pytest.mark.parametrize("number", [errno.EPIPE, errno.ECONNRESET, errno.ESHUTDOWN])
def test_every_way_of_losing_the_reader_is_a_broken_pipe_that_keeps_its_number(
    opener: Opener, kind: Kind, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = kind(opener, opener.ends(pipe_ends).write_fd)
    script(monkeypatch, number)
    with pytest.raises(BrokenPipeError) as caught:
        write(writer, b"x")
    assert (caught.value.errno, caught.value.strerror) == (number, os.strerror(number))
    assert caught.value.__suppress_context__


@both_kinds
@pytest.mark.parametrize("number", [errno.ECONNRESET, errno.EIO])
def test_every_way_of_losing_the_writer_is_the_end(
    opener: Opener, kind: Kind, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = kind(opener, opener.ends(pipe_ends).read_fd)
    script(monkeypatch, number)
    assert read(reader) == b""


@both_kinds
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EBADF, errno.EINVAL])
def test_any_other_error_is_passed_on_as_it_is(
    opener: Opener, kind: Kind, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = opener.ends(pipe_ends)
    reader, writer = kind(opener, ends.read_fd), kind(opener, ends.write_fd)
    script(monkeypatch, number)
    with pytest.raises(OSError, match=os.strerror(number)) as reading:
        read(reader)
    with pytest.raises(OSError, match=os.strerror(number)) as writing:
        write(writer, b"x")
    assert (reading.value.errno, writing.value.errno) == (number, number)
    assert not isinstance(writing.value, BrokenPipeError)


def script(monkeypatch: pytest.MonkeyPatch, number: int, *names: str) -> list[str]:
    """Let the calls fail with `number`; return the list in which each call is noted."""
    calls: list[str] = []
    for name in names or ("readv", "writev", "preadv", "pwritev"):

        def fail(*_args: object, name: str = name) -> NoReturn:
            calls.append(name)
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, name, fail)
    return calls


# --------------------------------------------------------------------------------------------------------- closing


@both_kinds
def test_closing_twice_does_not_close_who_took_the_number_in_between(opener: Opener, kind: Kind) -> None:
    ends = opener.ends(pipe_ends)
    descriptor = kind(opener, ends.read_fd)
    number = descriptor.fd
    descriptor.close()
    assert descriptor.fd == -1
    opener.keep(os.dup2(ends.write_fd, number))
    descriptor.close()
    assert stat.S_ISFIFO(os.fstat(number).st_mode)


@both_kinds
def test_a_descriptor_has_no_number_any_more_when_it_is_closed(
    opener: Opener, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    descriptor = kind(opener, opener.ends(pipe_ends).read_fd)
    number = descriptor.fd
    seen: list[tuple[int, int]] = []
    close = os.close

    def watched_close(fd: int) -> None:
        seen.append((fd, descriptor.fd))
        close(fd)

    monkeypatch.setattr(os, "close", watched_close)
    descriptor.close()
    assert seen == [(number, -1)]


@both_kinds
def test_a_closed_descriptor_is_neither_read_nor_written(opener: Opener, kind: Kind) -> None:
    ends = opener.ends(pipe_ends)
    reader, writer = kind(opener, ends.read_fd), kind(opener, ends.write_fd)
    reader.close()
    writer.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        read(reader)
    with pytest.raises(OSError, match="Bad file descriptor"):
        write(writer, b"x")


# -------------------------------------------------------------------------------------------------------- our own


def test_an_own_descriptor_does_not_block_for_anybody_on_its_description(opener: Opener) -> None:
    ends = opener.ends(pipe_ends)
    descriptor = opener.own(ends.read_fd)
    assert descriptor.fd == ends.read_fd
    assert not os.get_blocking(ends.read_fd)


# --------------------------------------------------------------------------------------------------------- shared


@linux_only
@pytest.mark.parametrize("make", PER_CALL_ENDS)
def test_a_shared_descriptor_leaves_the_flags_as_found_while_it_is_used(opener: Opener, make: MakeEnds) -> None:
    ends = opener.ends(make)
    found = [status_flags(fd) for fd in ends]
    reader, writer = opener.shared(ends.read_fd), opener.shared(ends.write_fd)
    assert read(reader) is None
    assert write(writer, b"x") == 1
    assert read(reader) == b"x"
    fill(writer)
    assert [status_flags(fd) for fd in ends] == found
    reader.close()
    writer.close()
    assert [status_flags(fd) for fd in ends] == found


@linux_only
def test_a_shared_descriptor_asks_each_call_not_to_wait(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = opener.ends(pipe_ends)
    reader, writer = opener.shared(ends.read_fd), opener.shared(ends.write_fd)
    script(monkeypatch, errno.ENOSYS, "readv", "writev")
    assert write(writer, b"x") == 1
    assert read(reader) == b"x"


@pytest.mark.parametrize("make", [pty_ends, flipped_pty_ends])
def test_the_flags_of_a_shared_terminal_are_taken_back_when_it_is_closed(opener: Opener, make: MakeEnds) -> None:
    ends = opener.ends(make)
    found = [status_flags(fd) for fd in ends]
    reader, writer = opener.shared(ends.read_fd), opener.shared(ends.write_fd)
    assert read(reader) is None
    assert write(writer, b"x") == 1
    assert read(reader) == b"x"
    reader.close()
    writer.close()
    assert [status_flags(fd) for fd in ends] == found


@linux_only
@pytest.mark.parametrize("make", PER_CALL_ENDS)
def test_where_the_kernel_refuses_to_be_asked_per_call_the_flag_is_set_and_taken_back(
    opener: Opener, make: MakeEnds, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = opener.ends(make)
    found = [status_flags(fd) for fd in ends]
    reader, writer = opener.shared(ends.read_fd), opener.shared(ends.write_fd)
    calls = script(monkeypatch, errno.EOPNOTSUPP, "preadv", "pwritev")
    assert read(reader) is None
    assert [os.get_blocking(fd) for fd in (reader.fd, writer.fd)] == [False, True]
    assert write(writer, b"x") == 1
    assert not os.get_blocking(writer.fd)
    assert read(reader) == b"x"
    fill(writer)
    assert calls == ["preadv", "pwritev"], "one refusal is enough"
    reader.close()
    writer.close()
    assert [status_flags(fd) for fd in ends] == found


@pytest.mark.parametrize("make", ALL_ENDS)
def test_where_the_system_cannot_be_asked_per_call_the_flag_is_set_and_taken_back(
    opener: Opener, make: MakeEnds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "RWF_NOWAIT", raising=False)
    ends = opener.ends(make)
    found = [status_flags(fd) for fd in ends]
    reader, writer = opener.shared(ends.read_fd), opener.shared(ends.write_fd)
    assert [os.get_blocking(fd) for fd in ends] == [False, False]
    assert read(reader) is None
    assert write(writer, b"x") == 1
    assert read(reader) == b"x"
    reader.close()
    writer.close()
    assert [status_flags(fd) for fd in ends] == found


def test_a_flag_that_somebody_else_has_set_is_left_set(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "RWF_NOWAIT", raising=False)
    ends = opener.ends(pipe_ends)
    os.set_blocking(ends.read_fd, False)
    reader = opener.shared(ends.read_fd)
    assert read(reader) is None
    reader.close()
    assert not os.get_blocking(ends.read_fd)


@linux_only
def test_an_error_of_a_call_is_not_taken_for_a_refusal_to_be_asked(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = opener.ends(pipe_ends)
    writer = opener.shared(ends.write_fd)
    script(monkeypatch, errno.ENOSPC, "pwritev")
    for _ in range(2):
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            write(writer, b"x")
    assert os.get_blocking(ends.write_fd)


@pytest.mark.parametrize(
    ("make", "is_pipe"), [(pipe_ends, True), (socket_ends, False), (pty_ends, False), (flipped_pty_ends, False)]
)
def test_a_shared_descriptor_knows_whether_it_is_a_pipe(opener: Opener, make: MakeEnds, is_pipe: bool) -> None:
    ends = opener.ends(make)
    assert [opener.shared(fd).is_pipe for fd in ends] == [is_pipe, is_pipe]


def test_a_shared_file_is_read_to_its_end_and_written_as_it_is(opener: Opener, tmp_path: Path) -> None:
    path = tmp_path / "requests"
    path.write_bytes(b"abcdef")
    fd = opener.keep(os.open(path, os.O_RDWR))
    found = status_flags(fd)
    file = opener.shared(fd)
    assert not file.is_pipe
    assert read(file, 4) == b"abcd"
    assert read(file, 4) == b"ef"
    assert read(file, 4) == b""
    assert write(file, b"gh", b"i") == 3
    assert status_flags(fd) == found
    file.close()
    assert path.read_bytes() == b"abcdefghi"
    assert status_flags(fd) == found


def test_a_shared_null_device_is_at_its_end_and_takes_everything(opener: Opener) -> None:
    null = opener.shared(opener.keep(os.open(os.devnull, os.O_RDWR)))
    assert read(null) == b""
    assert write(null, bytes(1 << 20)) == 1 << 20


# -------------------------------------------------------------------------------------------------------- claiming


@pytest.mark.parametrize("make", ALL_ENDS)
def test_what_is_claimed_has_a_private_number_and_the_inherited_one_stays_open(opener: Opener, make: MakeEnds) -> None:
    ends = opener.ends(make)
    os.set_inheritable(ends.read_fd, True)
    claimed = opener.claim(ends.read_fd)
    assert claimed.fd >= 3
    assert claimed.fd != ends.read_fd
    assert close_on_exec(claimed.fd)
    claimed.close()
    assert not close_on_exec(ends.read_fd)


@pytest.mark.parametrize("make", PER_CALL_ENDS)
def test_what_is_claimed_does_not_take_the_number_of_a_closed_standard_stream(opener: Opener, make: MakeEnds) -> None:
    ends = opener.ends(make)
    stdin_fd = os.dup(0)
    os.close(0)
    try:
        claimed = opener.claim(ends.read_fd)
    finally:
        os.dup2(stdin_fd, 0)
        os.close(stdin_fd)
    assert claimed.fd >= 3


@pytest.mark.parametrize("make", [pipe_ends, socket_ends, pty_ends])
def test_what_is_claimed_speaks_with_the_same_peer(opener: Opener, make: MakeEnds) -> None:
    ends = opener.ends(make)
    claimed = opener.claim(ends.read_fd)
    assert read(claimed) is None
    os.write(ends.write_fd, b"hello")
    assert read(claimed) == b"hello"


@pytest.mark.parametrize("make", PER_CALL_ENDS)
def test_pipes_and_sockets_stay_shared_when_they_are_claimed(opener: Opener, make: MakeEnds) -> None:
    ends = opener.ends(make)
    found = status_flags(ends.read_fd)
    claimed = opener.claim(ends.read_fd)
    assert isinstance(claimed, SharedDescriptor)
    assert read(claimed) is None
    claimed.close()
    assert status_flags(ends.read_fd) == found


@linux_only
@pytest.mark.parametrize("access", [os.O_RDONLY, os.O_WRONLY, os.O_RDWR])
def test_a_terminal_is_opened_anew_for_the_same_access_and_is_then_our_own(opener: Opener, access: int) -> None:
    terminal_fd, _ = opener.ends(pty_ends)
    inherited = opener.keep(os.open(os.ttyname(terminal_fd), access | os.O_NOCTTY))
    found = status_flags(inherited)
    claimed = opener.claim(inherited)
    assert isinstance(claimed, OwnDescriptor)
    assert os.ttyname(claimed.fd) == os.ttyname(inherited)
    assert status_flags(claimed.fd) & os.O_ACCMODE == access
    assert not os.get_blocking(claimed.fd)
    assert status_flags(inherited) == found, "the parent's terminal must go on blocking"


@linux_only
def test_opening_a_terminal_anew_does_not_make_it_ours_to_be_interrupted_by(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal_fd, _ = opener.ends(pty_ends)
    opened: list[int] = []
    real_open = os.open

    def noting_open(path: str, flags: int) -> int:
        opened.append(flags)
        return real_open(path, flags)

    monkeypatch.setattr(os, "open", noting_open)
    opener.claim(terminal_fd)
    assert [bool(flags & os.O_NOCTTY) for flags in opened] == [True]


def test_a_terminal_that_cannot_be_opened_anew_is_shared(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = opener.ends(pty_ends)
    found = status_flags(ends.read_fd)
    script(monkeypatch, errno.EACCES, "open")
    claimed = opener.claim(ends.read_fd)
    assert isinstance(claimed, SharedDescriptor)
    assert claimed.fd >= 3
    assert close_on_exec(claimed.fd)
    os.write(ends.write_fd, b"hello")
    assert read(claimed) == b"hello"
    claimed.close()
    assert status_flags(ends.read_fd) == found
