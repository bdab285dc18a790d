"""What the tests of sessions share: a child made of pipes, a clock that stands still, and a reader of what is told."""

import base64
import fcntl
import os
import select
import selectors
import struct
import termios
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Self

from pipe_rpc.buffers.ring_budget import RingBudget
from pipe_rpc.buffers.text import Encoding
from pipe_rpc.child.cgroup import Cgroup
from pipe_rpc.child.exit_status import ExitStatus, Usage
from pipe_rpc.child.orphans import Orphans
from pipe_rpc.child.process_group import ProcessGroup
from pipe_rpc.child.spawn import Child
from pipe_rpc.loop.loop import Loop
from pipe_rpc.session.announcement import Announcement, Closed, Detached, DetachReason, Exited, Output, StreamName
from pipe_rpc.session.attachment import Overflow
from pipe_rpc.session.description import Description
from pipe_rpc.session.session import Session
from pipe_rpc.session.spawning import SpawnOrder
from pipe_rpc.session.stdin_budget import StdinBudget
from tests.support.trace import DEADLINE_S

USAGE = Usage(0.0, 0.0, 0)
EXITED_0 = ExitStatus(0, None, core_dumped=False, usage=USAGE)
KILLED = ExitStatus(None, "SIGKILL", core_dumped=False, usage=USAGE)
TERMINATED = ExitStatus(None, "SIGTERM", core_dumped=False, usage=USAGE)

MOST_RUNS = 16
MANY_BYTES = 1 << 20


def order(*argv: str, **changes: Any) -> SpawnOrder:
    """A spawn as a client asks for it that says no more than the argv, or with what is changed of it."""
    return SpawnOrder(
        argv=argv,
        cwd=None,
        env={},
        inherit_env=True,
        originator="tests",
        command=None,
        merge_stderr=False,
        stdin_pipe=True,
        attach=None,
        encoding=Encoding.UTF_8,
        overflow=Overflow.BLOCK,
        backlog_bytes=65536,
        timeout_s=None,
        grace_s=1.0,
    )._replace(**changes)


class ManualClock:
    """A clock that moves when it is told to."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class StillLoop(Loop):
    """A real loop whose turns never sleep, on a clock that stands still."""

    def __init__(self, selector: selectors.BaseSelector | None = None) -> None:
        self.clock = ManualClock()
        super().__init__(selector, clock=self.clock)
        self.add_before_sleep(lambda: True)

    def advance(self, seconds: float) -> None:
        """Let time pass, and take one turn."""
        self.clock.now += seconds
        self.run_turn()


class FakeGroup(ProcessGroup):
    """Notes the signals; has members until it is told otherwise."""

    def __init__(self, pid: int) -> None:
        super().__init__(pid, None)
        self.sent: list[int] = []
        self.survivors = False
        self.refuses = False
        self.forgotten = False
        self.leader_is_reaped = False

    def send(self, number: int) -> None:
        """Note the signal."""
        if self.forgotten or (self.leader_is_reaped and not self.survivors):
            raise ProcessLookupError
        if self.refuses:
            raise PermissionError
        if number:
            self.sent.append(number)

    def leader_reaped(self) -> None:
        """From now on only survivors are members."""
        self.leader_is_reaped = True

    def forget(self) -> None:
        """Never signal it again."""
        self.forgotten = True


class FakeCgroup(Cgroup):
    """Notes that it was killed; is populated until it is told otherwise."""

    def __init__(self) -> None:
        super().__init__("/nowhere")
        self.kills = 0
        self.populated = True
        self.fails = 0
        """The errno with which a kill fails."""

    def kill(self) -> bool:
        """Note it."""
        self.kills += 1
        if self.fails:
            raise OSError(self.fails, os.strerror(self.fails))
        return not self.holds_server

    def is_populated(self) -> bool:
        """What the test has set."""
        return self.populated

    def has_running(self) -> bool | None:
        """What the test has set."""
        return self.populated


class FakeChild(Child):
    """Three real pipes whose child's ends the test holds, and an end that the test decides."""

    def __init__(self, *, merge_stderr: bool = False, stdin_pipe: bool = True, pid: int = 4711) -> None:
        self.stdin_reader, stdin = os.pipe()
        stdout, self.stdout_writer = os.pipe()
        stderr, self.stderr_writer = os.pipe()
        self.fake_group = FakeGroup(pid)
        self.status: ExitStatus | None = None
        if merge_stderr:
            os.close(stderr)
        if not stdin_pipe:
            os.close(stdin)
        super().__init__(pid, self.fake_group, stdin if stdin_pipe else None, stdout, None if merge_stderr else stderr)

    def reap(self) -> ExitStatus | None:
        """What the test has set."""
        return self.status

    def write(self, name: StreamName, data: bytes) -> int:
        """Write as the child does, as far as the pipe has room."""
        fd = self.stdout_writer if name is StreamName.STDOUT else self.stderr_writer
        os.set_blocking(fd, False)
        try:
            return os.write(fd, data)
        except BlockingIOError:
            return 0

    def read_stdin(self, size: int = MANY_BYTES) -> bytes:
        """Read as the child does, what is there."""
        os.set_blocking(self.stdin_reader, False)
        return os.read(self.stdin_reader, size)

    def close_output(self, *names: StreamName) -> None:
        """Close the child's ends of output streams; both where none is named."""
        for name in names or StreamName:
            attribute = f"{name.value}_writer"
            fd = getattr(self, attribute)
            if fd >= 0:
                setattr(self, attribute, -1)
                os.close(fd)

    def close_stdin(self) -> None:
        """Close the child's end of stdin."""
        if self.stdin_reader >= 0:
            fd, self.stdin_reader = self.stdin_reader, -1
            os.close(fd)

    def close(self) -> None:
        """Close all of the child's ends."""
        self.close_output()
        self.close_stdin()


class ManualExitWatch:
    """Reports an end when the test says so."""

    exit_is_near = True

    def __init__(self) -> None:
        self.callbacks: dict[int, Callable[[], None]] = {}

    def watch(self, child: Child, callback: Callable[[], None]) -> None:
        """See ExitWatch."""
        self.callbacks[child.pid] = callback

    def unwatch(self, child: Child) -> None:
        """See ExitWatch."""
        del self.callbacks[child.pid]

    def close(self) -> None:
        """See ExitWatch."""

    def report(self, child: FakeChild, status: ExitStatus = EXITED_0) -> None:
        """The child has ended so, and the loop hears of it now."""
        child.status = status
        self.callbacks[child.pid]()


class FakeOrphans(Orphans):
    """Notes who is expected and who is condemned; adopts whom the test says, and touches no process."""

    def __init__(self) -> None:
        self.adopts = False
        self.expected = set[int]()
        self.condemned: list[int] = []
        self.sessions = set[int]()
        """Kernel sessions that have an orphan."""

    def expect(self, pid: int) -> None:
        """Note the child."""
        assert pid not in self.expected
        self.expected.add(pid)

    def release(self, pid: int) -> None:
        """Note that it was reaped."""
        self.expected.remove(pid)

    def living(self) -> list[int]:
        """None that could be signalled."""
        return []

    def of_session(self, session: int) -> bool:
        """What the test has set."""
        return session in self.sessions

    def condemn(self, session: int) -> None:
        """Note the kernel session."""
        self.condemned.append(session)


class Bench:
    """One session over a fake child, and what is needed to drive it by hand."""

    def __init__(
        self,
        *,
        attach: Sequence[StreamName] = (),
        encoding: Encoding = Encoding.UTF_8,
        overflow: Overflow = Overflow.BLOCK,
        backlog_bytes: int = 1024,
        read_bytes: int = 65536,
        stdin_bytes: int = MANY_BYTES,
        timeout_s: float | None = None,
        grace_s: float = 2.0,
        merge_stderr: bool = False,
        stdin_pipe: bool = True,
        loop: StillLoop | None = None,
    ) -> None:
        self.loop = loop or StillLoop()
        self.child = FakeChild(merge_stderr=merge_stderr, stdin_pipe=stdin_pipe)
        self.exits = ManualExitWatch()
        self.orphans = FakeOrphans()
        self.budget = RingBudget(MANY_BYTES)
        self.ready_count = 0
        self.session = Session(
            Description(
                session_id="pipe-1",
                originator="tests",
                command="fake",
                argv=("fake",),
                cwd="/",
                merge_stderr=merge_stderr,
                encoding=encoding,
                overflow=overflow,
                backlog_bytes=backlog_bytes,
                grace_s=grace_s,
                timeout_s=timeout_s,
                created_at=5.0,
                started=self.loop.now,
            ),
            self.child,
            self.loop,
            self.exits,
            self.orphans,
            self.budget,
            StdinBudget(MANY_BYTES),
            wall_clock=lambda: 7.5,
            read_bytes=read_bytes,
            most_runs=MOST_RUNS,
            stdin_bytes=stdin_bytes,
            on_ready=self._note_ready,
        )
        for name in attach:
            self.session.attach(name, f"a-{name.value}", 0, encoding)

    def _note_ready(self, session: Session) -> None:
        assert session is self.session
        self.ready_count += 1

    def exit(self, status: ExitStatus = EXITED_0) -> None:
        """The child ends."""
        self.exits.report(self.child, status)

    def pull_all(self, limit: int = 65536) -> list[Announcement]:
        """Everything that there is to tell now."""
        return pull_all(self.session.pull, limit)

    def close(self) -> None:
        """Give every descriptor back."""
        self.child.close()
        self.session.abandon()
        self.loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def reap_writers(loop: StillLoop) -> None:
    """Take turns until no process of ours is left; behind this sessions have no tees any more."""
    until = time.monotonic() + DEADLINE_S
    while time.monotonic() < until:
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        except ChildProcessError:
            return
        loop.advance(0.02)
    raise AssertionError("a process does not end")


def pull_all(pull: Callable[[int], Announcement | None], limit: int = 65536) -> list[Announcement]:
    """Call ``pull`` until there is nothing."""
    told: list[Announcement] = []
    while (announcement := pull(limit)) is not None:
        told.append(announcement)
        assert len(told) < 1 << 20, "there is no end to what is told"
    return told


def raw(output: Output) -> bytes:
    """The bytes of an output; in UTF-8 those that the text stands for."""
    if output.encoding is Encoding.BASE64:
        return base64.b64decode(output.data, validate=True)
    return output.data.encode()


def text(told: Sequence[Announcement], name: StreamName = StreamName.STDOUT) -> str:
    """The joined text of a stream."""
    return "".join(each.data for each in told if isinstance(each, Output) and each.stream is name)


def kinds(told: Sequence[Announcement]) -> list[str]:
    """What was told, in short: runs of output of a stream count once."""
    short: list[str] = []
    for each in told:
        match each:
            case Output():
                word = f"output {each.stream.value}"
            case Detached():
                word = f"{each.reason.value} {each.stream.value}"
            case Exited():
                word = "exited"
            case Closed():
                word = "closed"
        if not short or short[-1] != word or not isinstance(each, Output):
            short.append(word)
    return short


class OrderCheck:
    """Judges what is told of one session as it comes: no gap, exit behind the child's output, close last and once."""

    def __init__(self, child_output: dict[StreamName, bytes], attached: Sequence[StreamName]) -> None:
        self._child_output = child_output
        self._cursors = dict.fromkeys(attached, 0)
        self._ended: set[StreamName] = set()
        self.exited = False
        self.closed = False

    def take(self, told: Sequence[Announcement]) -> None:
        """Judge the next ones."""
        for each in told:
            assert not self.closed, f"{each} comes behind the close"
            match each:
                case Output():
                    assert each.stream in self._cursors
                    assert each.stream not in self._ended
                    assert (each.offset, each.missed_bytes) == (self._cursors[each.stream], 0)
                    end = each.offset + each.length
                    if end <= len(self._child_output[each.stream]):
                        assert raw(each) == self._child_output[each.stream][each.offset : end]
                    self._cursors[each.stream] = end
                case Detached():
                    assert each.reason is DetachReason.ENDED
                    assert each.offset == self._cursors[each.stream]
                    assert each.stream not in self._ended
                    self._ended.add(each.stream)
                case Exited():
                    assert not self.exited
                    for name, cursor in self._cursors.items():
                        assert cursor >= len(self._child_output[name]), f"exited overtook {name.value}"
                    self.exited = True
                case Closed():
                    assert self.exited
                    assert self._ended == set(self._cursors), "closed before the attachments were told of the end"
                    self.closed = True


def bytes_in_pipe(fd: int) -> int:
    """How many bytes wait in a pipe."""
    size: int = struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0" * 4))[0]
    return size


def is_ready(fd: int, event: int = select.POLLIN) -> bool:
    """Whether a descriptor is ready now."""
    poller = select.poll()
    poller.register(fd, event)
    return bool(poller.poll(0))


def fill_pipe(fd: int) -> int:
    """Write until a pipe is full; returns how much went in."""
    os.set_blocking(fd, False)
    size = 0
    with suppress(BlockingIOError):
        while True:
            size += os.write(fd, b"x" * 4096)
    with suppress(BlockingIOError):
        while True:
            size += os.write(fd, b"x")
    return size
