"""pipe_rpc/session/registry.py over real processes, each way of seeing an exit and each selector."""

import errno
import mmap
import os
import re
import selectors
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pipe_rpc.buffers.text import Encoding
from pipe_rpc.child import exit_watch as exit_watch_module
from pipe_rpc.child import process_group, spawn
from pipe_rpc.child.cgroup_tree import CgroupTree
from pipe_rpc.child.descriptor_limit import DescriptorLimit
from pipe_rpc.child.exit_watch import choose_exit_watch
from pipe_rpc.child.orphans import Orphans
from pipe_rpc.child.process_group import ProcessGroup
from pipe_rpc.child.spawn import pidfd_works
from pipe_rpc.errors import ErrorCode, PipeRpcError
from pipe_rpc.limits import Limits
from pipe_rpc.loop.loop import Loop
from pipe_rpc.loop.signals import SignalWatch
from pipe_rpc.session.announcement import Announcement, Closed, Detached, DetachReason, Exited, Output, StreamName
from pipe_rpc.session.attachment import Overflow
from pipe_rpc.session.lifecycle import Outcome, Reason, State
from pipe_rpc.session.refusals import require_offset, session_not_found
from pipe_rpc.session.registry import SessionRegistry
from pipe_rpc.session.session import Session
from pipe_rpc.session.tombstones import Farewell, SessionForgottenError
from tests.session.harness import kinds, order, text
from tests.support.fixture_types import MakeGate
from tests.support.leaks import open_descriptors, own_descendants
from tests.support.processes import wait_state
from tests.support.programs import child, python, shell
from tests.support.trace import DEADLINE_S

OUT, ERR = StreamName.STDOUT, StreamName.STDERR

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers")

WAYS = [
    pytest.param("pidfd", marks=pytest.mark.skipif(not pidfd_works(), reason="there are no pidfds here")),
    pytest.param("pidfd, numbers", marks=pytest.mark.skipif(not pidfd_works(), reason="there are no pidfds here")),
    "SIGCHLD",
]


class Works:
    """A registry in a loop of its own, and everything that was told."""

    def __init__(self, selector: selectors.BaseSelector, limits: Limits, reaped: Mapping[int, int]) -> None:
        self.reaped = reaped
        self.loop = Loop(selector)
        self.signals = SignalWatch(self.loop, {})
        self.exit_watch = choose_exit_watch(self.loop, self.signals)
        self.orphans = Orphans(self.loop, self.signals)
        self.descriptor_limit = DescriptorLimit()
        self.registry = SessionRegistry(
            self.loop,
            self.exit_watch,
            self.orphans,
            self.descriptor_limit,
            limits,
            wall_clock=time.time_ns,
            environment=os.environ,
            cgroups=CgroupTree(None),
        )
        self.told: list[Announcement] = []
        self.pulling = True

    def pump(self) -> None:
        """Take what there is to tell, as the server does before each sleep."""
        while self.pulling and (announcement := self.registry.pull(4096)) is not None:
            self.told.append(announcement)

    def spawn(self, *argv: str, **changes: Any) -> Session:
        """Spawn with the usual order, or with what is changed of it."""
        return self.registry.spawn(order(*argv, **{"grace_s": DEADLINE_S, **changes}))

    def take_a_turn(self) -> None:
        """One turn that does not sleep."""
        self.loop.call_at(self.loop.now, lambda: None)
        self.loop.run_turn()

    def run_until(self, condition: Callable[[], object]) -> None:
        """Take turns until the condition holds."""
        deadline = self.loop.call_at(self.loop.now + DEADLINE_S, lambda: pytest.fail(f"in vain; told: {self.told}"))
        self.pump()
        while not condition():
            self.loop.run_turn()
            self.pump()
        self.loop.cancel(deadline)

    def run_until_exited(self, *sessions: Session) -> None:
        """Take turns until the exits were told."""
        self.run_until(lambda: all(each.exit_announced for each in sessions))

    def run_until_closed(self, *sessions: Session) -> None:
        """Take turns until the closes were told."""
        self.run_until(lambda: all(each.closed_announced for each in sessions))

    def of(self, session: Session) -> list[Announcement]:
        """What was told of one session."""
        return [
            each
            for each in self.told
            if (each.session is session if isinstance(each, Exited | Closed) else each.session_id == session.session_id)
        ]

    def read_line(self, session: Session) -> str:
        """The first line of its stdout."""
        self.run_until(lambda: "\n" in text(self.of(session)))
        return text(self.of(session)).partition("\n")[0]

    def end_of(self, pid: int) -> int:
        """The wait status of a grandchild, which comes to this process when its parent ends, and is reaped here."""
        self.run_until(lambda: pid in self.reaped)
        return self.reaped[pid]

    def has_orphans(self) -> bool:
        """Whether any is left; kills them."""
        self.registry.kill_orphans(in_sessions=True)
        return self.registry.has_orphans()

    def close(self) -> None:
        """Kill and reap everything."""
        self.registry.end_all(kill=True)
        sessions = self.registry.sessions()
        self.run_until(lambda: not any(each.is_running for each in sessions))
        for session in sessions:
            self.registry.remove(session)
        self.run_until(lambda: not self.registry._departing)
        for survivor in self.registry._leftovers._children:
            survivor.group.forget()
        self.run_until(lambda: not self.has_orphans())
        self.exit_watch.close()
        self.signals.close()
        self.descriptor_limit.close()
        self.loop.close()


MakeWorks = Callable[..., Works]


@pytest.fixture
def make_works(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeWorks]:
    """A factory of registries; the default way and selector unless others are wanted."""
    made: list[Works] = []
    reaped: dict[int, int] = {}
    real_waitpid = os.waitpid

    def waitpid(pid: int, options: int) -> tuple[int, int]:
        ended, status = real_waitpid(pid, options)
        if ended:
            reaped[ended] = status
        return ended, status

    monkeypatch.setattr(os, "waitpid", waitpid)

    def make(selector: type[selectors.BaseSelector] = selectors.DefaultSelector, **limits: Any) -> Works:
        made.append(Works(selector(), Limits(**limits), reaped))
        return made[-1]

    yield make
    for each in reversed(made):
        each.close()


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way of seeing an exit and of signalling a group."""
    chosen: str = request.param
    if chosen != "pidfd":
        monkeypatch.setattr(process_group, "_kernel_signals_groups", lambda: False)
    if chosen == "SIGCHLD":
        monkeypatch.setattr(spawn, "pidfd_works", lambda: False)
        monkeypatch.setattr(exit_watch_module, "pidfd_works", lambda: False)
    return chosen


@pytest.fixture(params=[selectors.DefaultSelector, selectors.PollSelector])
def works(way: str, request: pytest.FixtureRequest, make_works: MakeWorks) -> Works:
    """A registry, each way and over each selector."""
    return make_works(request.param)


def _refused(code: ErrorCode, operation: Callable[[], object]) -> PipeRpcError:
    with pytest.raises(PipeRpcError) as caught:
        operation()
    assert caught.value.code is code
    return caught.value


# A session from its spawn to its close


def test_output_of_both_streams_then_exit_then_close(works: Works) -> None:
    session = works.spawn(*shell("echo out; echo err >&2; exit 3"))
    works.run_until_closed(session)
    told = works.of(session)
    assert (text(told, OUT), text(told, ERR)) == ("out\n", "err\n")
    assert kinds(told)[-2:] == ["exited", "closed"]
    assert session.exit is not None
    assert (session.exit.status.exit_code, session.exit.outcome) == (3, Outcome.NATURAL_EXIT)
    assert not works.registry.has_processes()


@pytest.mark.parametrize("size", [1, 4096, 65536, 300_000])
def test_exit_never_overtakes_output(works: Works, size: int) -> None:
    sessions = [works.spawn("/bin/sh", "-c", f"head -c {size} /dev/zero", stdin_pipe=False) for _ in range(10)]
    works.run_until_closed(*sessions)
    for session in sessions:
        told = works.of(session)
        assert len(text(told)) == size
        exited = next(place for place, each in enumerate(told) if isinstance(each, Exited))
        assert not any(isinstance(each, Output) for each in told[exited:])
        assert isinstance(told[-1], Closed)


def test_exit_does_not_wait_for_a_grandchild_that_holds_the_pipe(works: Works, gate: MakeGate) -> None:
    held = gate()
    session = works.spawn(*shell("(read _ < $1; echo late) & echo early", held.path))
    works.run_until_exited(session)
    assert session.streams.open_names == [OUT, ERR]
    assert kinds(works.of(session)) == ["output stdout", "exited"]
    held.release()
    works.run_until_closed(session)
    assert text(works.of(session)) == "early\nlate\n"
    assert kinds(works.of(session))[-1] == "closed"


def test_a_prompt_without_a_line_end_comes_while_the_child_waits(works: Works) -> None:
    session = works.spawn(*shell("printf 'Password: '; read word; echo got $word"))
    works.run_until(lambda: text(works.of(session)) == "Password: ")
    answers: list[object] = []
    session.stdin.write(b"secret\n", lambda *answer: answers.append(answer), close=False)
    assert answers == [(7, None)]
    works.run_until_closed(session)
    assert text(works.of(session)) == "Password: got secret\n"


def test_ten_mebibytes_through_cat_come_back_whole(works: Works) -> None:
    data = bytes(range(256)) * 4096
    session = works.spawn("/bin/cat", encoding=Encoding.BASE64)
    answers: list[int] = []
    for _ in range(10):
        works.run_until(lambda: session.stdin.pending_bytes < 1 << 20)
        session.stdin.write(data, lambda size, _: answers.append(size), close=False)
    session.stdin.write(b"", lambda size, _: answers.append(size), close=True)
    works.run_until_closed(session)
    assert answers == [len(data)] * 10 + [0]
    outputs = [each for each in works.of(session) if isinstance(each, Output)]
    assert sum(each.length for each in outputs) == 10 * len(data)
    assert all(before.offset + before.length == behind.offset for before, behind in pairwise(outputs))
    assert session.streams[OUT].ring.read(session.streams[OUT].ring.start, 1 << 20) == data[-65536:]


def test_sigterm_ends_a_child_softly_and_its_last_words_come_before_the_exit(works: Works) -> None:
    session = works.spawn(*shell("trap 'echo farewell; exit 5' TERM; echo ready; while :; do read _; done"))
    works.run_until(lambda: text(works.of(session)) == "ready\n")
    works.registry.terminate(session, None)
    works.run_until_closed(session)
    assert text(works.of(session)) == "ready\nfarewell\n"
    assert session.exit is not None
    assert (session.exit.outcome, session.exit.reason) == (Outcome.SOFT_EXIT, Reason.REQUEST)
    assert session.exit.status.exit_code == 5


def test_a_child_that_ignores_sigterm_is_killed_at_the_deadline(works: Works) -> None:
    session = works.spawn(*child("stubborn"))
    works.run_until(lambda: text(works.of(session)) == "ready\n")
    works.registry.terminate(session, 0.05)
    assert session.state is State.TERMINATING
    works.run_until_closed(session)
    assert session.exit is not None
    assert (session.exit.outcome, session.exit.status.signal_name) == (Outcome.HARD_KILLED, "SIGKILL")


def test_a_stopped_child_gets_its_sigterm(works: Works) -> None:
    session = works.spawn(*shell("trap 'exit 6' TERM; echo ready; while :; do read _; done"))
    works.run_until(lambda: text(works.of(session)) == "ready\n")
    session.send_signal(signal.SIGSTOP)
    wait_state(session.pid, "T")
    works.registry.terminate(session, None)
    works.run_until_closed(session)
    assert session.exit is not None
    assert session.exit.status.exit_code == 6


def test_a_time_limit_ends_the_session(works: Works) -> None:
    session = works.spawn("/bin/sleep", "1000", timeout_s=0.02)
    works.run_until_closed(session)
    assert session.exit is not None
    assert (session.exit.outcome, session.exit.reason) == (Outcome.SOFT_EXIT, Reason.TIMEOUT)
    assert session.exit.duration_s >= 0.02


def test_the_whole_group_is_terminated(works: Works) -> None:
    session = works.spawn(*child("family", 2))
    members = [int(pid) for pid in works.read_line(session).split()]
    works.registry.terminate(session, None)
    works.run_until_closed(session)
    assert [os.WTERMSIG(works.end_of(pid)) for pid in members] == [signal.SIGTERM] * 2


def test_survivors_that_ignore_sigterm_are_killed_at_the_deadline_after_the_leader_has_gone(works: Works) -> None:
    session = works.spawn(*child("family", 2, "ignore"))
    members = [int(pid) for pid in works.read_line(session).split()]
    works.registry.terminate(session, 0.2)
    works.run_until_exited(session)
    assert session.has_processes()
    works.run_until_closed(session)
    assert session.exit is not None
    assert session.exit.outcome is Outcome.SOFT_EXIT
    assert [os.WTERMSIG(works.end_of(pid)) for pid in members] == [signal.SIGKILL] * 2
    assert not works.registry.has_processes()


def test_a_signal_reaches_the_child(works: Works) -> None:
    session = works.spawn(*shell("trap 'echo interrupted; exit 0' INT; echo ready; while :; do read _; done"))
    works.run_until(lambda: text(works.of(session)) == "ready\n")
    session.send_signal(signal.SIGINT)
    works.run_until_closed(session)
    assert text(works.of(session)) == "ready\ninterrupted\n"
    assert session.exit is not None
    assert session.exit.outcome is Outcome.NATURAL_EXIT


def test_of_many_that_end_at_once_each_is_told_once(works: Works) -> None:
    sessions = [works.spawn("/bin/cat") for _ in range(30)]
    for session in sessions:
        session.send_signal(signal.SIGKILL)
    works.run_until_closed(*sessions)
    for session in sessions:
        assert kinds(works.of(session))[-2:] == ["exited", "closed"]
        assert [type(each) for each in works.of(session)].count(Exited) == 1


def test_a_removed_running_session_is_killed_and_reaped_and_nothing_more_is_heard_of_it(works: Works) -> None:
    session = works.spawn(*shell("echo ready; exec cat"))
    works.run_until(lambda: text(works.of(session)) == "ready\n")
    told = len(works.told)
    assert works.registry.remove(session) == [
        Detached(session.session_id, OUT, "attachment-00000001", 6, DetachReason.REMOVED),
        Detached(session.session_id, ERR, "attachment-00000002", 0, DetachReason.REMOVED),
    ]
    assert works.registry.has_processes()
    works.run_until(lambda: not works.registry.has_processes())
    assert not session.is_running
    assert len(works.told) == told
    with pytest.raises(SessionForgottenError) as caught:
        works.registry.get(session.session_id)
    assert caught.value.tombstone == (session.session_id, Farewell.REMOVED, session.exit)


def test_what_is_left_of_a_removed_session_is_ended_with_the_server(works: Works) -> None:
    session = works.spawn(*shell("trap '' TERM HUP; sleep 1000 & echo $!"))
    survivor = int(works.read_line(session))
    works.run_until_exited(session)
    works.registry.remove(session)
    assert works.registry.has_processes()
    works.registry.end_all(kill=False)
    assert os.WTERMSIG(works.end_of(survivor)) == signal.SIGKILL
    assert not works.registry.has_processes()


def test_end_all_gives_each_its_grace_or_kills_at_once(works: Works) -> None:
    soft = works.spawn("/bin/cat", grace_s=DEADLINE_S)
    hard = works.spawn(*child("stubborn"), grace_s=0.05)
    killed = works.spawn(*child("stubborn"), grace_s=DEADLINE_S)
    works.run_until(lambda: text(works.of(hard)) == text(works.of(killed)) == "ready\n")
    works.registry.end_all(kill=False)
    works.run_until_closed(soft, hard)
    assert soft.exit is not None
    assert hard.exit is not None
    assert (soft.exit.outcome, hard.exit.outcome) == (Outcome.SOFT_EXIT, Outcome.HARD_KILLED)
    assert {soft.exit.reason, hard.exit.reason} == {Reason.SHUTDOWN}
    assert killed.is_running
    works.registry.end_all(kill=True)
    works.run_until_closed(killed)
    assert killed.exit is not None
    assert killed.exit.outcome is Outcome.HARD_KILLED


def test_a_registry_that_ends_starts_nothing_more(make_works: MakeWorks) -> None:
    works = make_works()
    running, before = works.spawn("/bin/cat"), own_descendants()
    works.registry.end_all(kill=False)
    _refused(ErrorCode.INVALID_REQUEST, lambda: works.spawn("/bin/cat"))
    assert works.registry.sessions() == [running]
    assert own_descendants() in (before, [])


# What leaves its group


ESCAPE = """
import os, signal, sys
if os.fork() == 0:
    if sys.argv[1] == "job":
        os.setpgid(0, 0)
    else:
        os.setsid()
    os.write(1, b"%d\\n" % os.getpid())
    os.closerange(0, 3)
    while True:
        signal.pause()
while True:
    signal.pause()
"""


@linux_only
@pytest.mark.parametrize("grace_s", [0.0, 0.05])
def test_a_job_with_a_group_of_its_own_is_killed_with_its_session(works: Works, grace_s: float) -> None:
    session = works.spawn(*python(ESCAPE, "job"))
    job = int(works.read_line(session))
    works.registry.terminate(session, grace_s)
    assert os.WTERMSIG(works.end_of(job)) == signal.SIGKILL
    works.run_until_closed(session)
    assert not works.registry.has_orphans()


@linux_only
@pytest.mark.parametrize("how", ["remove", "purge"])
def test_a_job_is_killed_though_its_session_was_forgotten_within_the_grace(works: Works, how: str) -> None:
    session = works.spawn(*python(ESCAPE, "job"))
    job = int(works.read_line(session))
    works.registry.terminate(session, DEADLINE_S)
    works.run_until_closed(session)
    if how == "remove":
        works.registry.remove(session)
    else:
        assert works.registry.purge("") == (1, [])
    assert os.WTERMSIG(works.end_of(job)) == signal.SIGKILL


@linux_only
def test_a_daemon_outlives_its_session_and_is_asked_to_end_with_the_server(works: Works) -> None:
    session, other = works.spawn(*python(ESCAPE, "daemon")), works.spawn("/bin/cat")
    daemon = int(works.read_line(session))
    works.registry.terminate(session, 0)
    works.run_until_closed(session)
    works.registry.remove(session)
    works.take_a_turn()
    assert works.registry.has_orphans()
    assert works.registry._leftovers.count() == 0
    works.registry.end_all(kill=False)
    assert os.WTERMSIG(works.end_of(daemon)) == signal.SIGTERM
    works.run_until_closed(other)
    assert not works.registry.has_orphans()


@linux_only
def test_where_the_end_is_to_be_at_once_a_daemon_is_killed(works: Works) -> None:
    session = works.spawn(*python(ESCAPE, "daemon"))
    daemon = int(works.read_line(session))
    session.send_signal(signal.SIGTERM)
    works.run_until_closed(session)
    works.registry.end_all(kill=True)
    assert os.WTERMSIG(works.end_of(daemon)) == signal.SIGKILL


# Ended, and not to be reaped yet

TRACER = """
import ctypes, sys
ptrace = ctypes.CDLL(None, use_errno=True).ptrace
ptrace.restype = ctypes.c_long
ptrace.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
PTRACE_SEIZE = 0x4206
print("held" if ptrace(PTRACE_SEIZE, int(sys.argv[1]), None, None) == 0 else "refused", flush=True)
sys.stdin.readline()
"""


@linux_only
def test_a_child_that_a_tracer_holds_behind_its_end_stops_nobody_and_is_told_when_it_is_let_go(works: Works) -> None:
    held, other = works.spawn(*shell("read _; exit 5")), works.spawn("/bin/cat")
    with subprocess.Popen(
        python(TRACER, held.pid), stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as tracer:
        assert tracer.stdin is not None
        assert tracer.stdout is not None
        works.orphans.expect(tracer.pid)
        if tracer.stdout.readline() != b"held\n":
            pytest.skip("the system does not let us trace")
        held.stdin.write(b"\n", lambda *_: None, close=False)
        works.take_a_turn()
        wait_state(held.pid, "Z")
        turns = 0
        passed: list[bool] = []
        works.loop.call_at(works.loop.now + 0.3, lambda: passed.append(True))
        other.stdin.write(b"meanwhile\n", lambda *_: None, close=False)
        while not passed:
            works.loop.run_turn()
            works.pump()
            turns += 1
        assert works.read_line(other) == "meanwhile"
        assert held.is_running
        assert turns < 100, "the loop spins"
    works.orphans.release(tracer.pid)
    works.run_until_closed(held)
    assert held.exit is not None
    assert held.exit.status.exit_code == 5


# What a session is spawned as


def test_ids_have_the_promised_form_and_count_from_one(make_works: MakeWorks) -> None:
    works = make_works()
    first, second = works.spawn("/bin/cat"), works.spawn("/bin/cat")
    assert re.fullmatch(r"pipe-[0-9a-f]{16}-00000001", first.session_id)
    assert re.fullmatch(r"pipe-[0-9a-f]{16}-00000002", second.session_id)
    assert int(first.session_id[5:21], 16) / 1e9 == first.description.created_at
    assert works.registry.sessions() == [first, second]
    assert works.registry.get(second.session_id) is second


def test_an_id_is_not_reused_after_a_spawn_that_failed_or_a_removal(make_works: MakeWorks) -> None:
    works = make_works()
    first = works.spawn("/bin/cat")
    works.registry.remove(first)
    _refused(ErrorCode.SPAWN_FAILED, lambda: works.spawn("/no/such/program"))
    assert works.spawn("/bin/cat").session_id.endswith("-00000002")


def test_the_command_is_the_argv_quoted_as_a_shell_would_unless_it_is_given(make_works: MakeWorks) -> None:
    works = make_works()
    assert works.spawn("/bin/echo", "a b", "$HOME").description.command == "/bin/echo 'a b' '$HOME'"
    assert works.spawn("/bin/true", command="my job").description.command == "my job"


def test_the_directory_is_told_as_an_absolute_path(
    make_works: MakeWorks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = make_works()
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path)
    assert works.spawn("/bin/true").description.cwd == os.getcwd()
    assert works.spawn("/bin/true", cwd="below").description.cwd == f"{os.getcwd()}/below"


def test_only_the_streams_that_were_asked_for_are_attached(make_works: MakeWorks) -> None:
    works = make_works()
    one = works.spawn(*shell("echo out; echo err >&2"), attach=(ERR,))
    none = works.spawn(*shell("echo out; echo err >&2"), attach=())
    merged = works.spawn(*shell("echo out; echo err >&2"), merge_stderr=True)
    works.run_until_closed(one, none, merged)
    assert kinds(works.of(one)) == ["output stderr", "ended stderr", "exited", "closed"]
    assert kinds(works.of(none)) == ["exited", "closed"]
    assert text(works.of(merged)) == "out\nerr\n"
    assert works.registry.attach(none, OUT, from_offset=None, encoding=None, steal=False)[:2][1] == 0
    works.run_until(lambda: text(works.of(none)) == "out\n")


def test_a_stream_that_there_is_not_cannot_be_attached_and_nothing_is_started(make_works: MakeWorks) -> None:
    works = make_works()
    before = own_descendants()
    error = _refused(
        ErrorCode.STREAM_UNAVAILABLE, lambda: works.spawn("/bin/cat", merge_stderr=True, attach=(OUT, ERR))
    )
    assert dict(error.data) == {"stream": "stderr"}
    assert works.registry.sessions() == []
    assert own_descendants() == before


def test_where_nothing_was_started_there_is_no_session(make_works: MakeWorks) -> None:
    works = make_works()
    for argv, cwd in (("/no/such/program", None), ("/bin/true", "/no/such/directory")):
        with pytest.raises(PipeRpcError):
            works.spawn(argv, cwd=cwd)
        assert works.registry.sessions() == []
        assert not works.registry.has_processes()
    assert not works.registry.has_news()


def _fails_at(call: int, error: OSError, real: Callable[..., Any]) -> Callable[..., Any]:
    """The real function, which fails at one of its calls."""
    calls = iter(range(1, MANY_CALLS))

    def function(*arguments: Any, **options: Any) -> Any:
        if next(calls) == call:
            raise error
        return real(*arguments, **options)

    return function


MANY_CALLS = 1 << 20
NO_MEMORY = OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
UNBUILDABLE = [
    pytest.param(mmap, "mmap", 1, id="no memory for the first backlog"),
    pytest.param(mmap, "mmap", 2, id="no memory for the second backlog"),
    pytest.param(Loop, "watch", 1, id="the first output cannot be watched"),
    pytest.param(Loop, "watch", 2, id="the second output cannot be watched"),
    pytest.param(Loop, "watch", 3, id="the end cannot be watched"),
]


@pytest.mark.skipif(not pidfd_works(), reason="there are no pidfds here")
@pytest.mark.parametrize(("owner", "name", "call"), UNBUILDABLE)
def test_a_child_for_which_no_session_can_be_built_is_not_left_behind(
    owner: Any, name: str, call: int, make_works: MakeWorks, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = make_works()
    descriptors, processes, watched = open_descriptors(), own_descendants(), set(works.loop._selector.get_map())
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, _fails_at(call, NO_MEMORY, getattr(owner, name)))
        error = _refused(ErrorCode.SPAWN_FAILED, lambda: works.spawn("/bin/cat"))
    assert dict(error.data) == {
        "errno": "ENOMEM",
        "message": os.strerror(errno.ENOMEM),
        "path": None,
        "stage": "fork",
    }
    assert (open_descriptors(), own_descendants()) == (descriptors, processes)
    assert works.registry.sessions() == []
    assert not works.registry.has_processes()
    assert works.orphans._leaders == set()
    assert set(works.loop._selector.get_map()) == watched
    works.take_a_turn()
    # The next one gets the same numbers of descriptors.
    session = works.spawn(*shell("echo out; echo err >&2"))
    works.run_until_closed(session)
    assert (text(works.of(session), OUT), text(works.of(session), ERR)) == ("out\n", "err\n")


# Capacity and retention


def test_no_more_sessions_than_allowed_are_open_and_a_closed_one_makes_room(make_works: MakeWorks) -> None:
    works = make_works(max_sessions=2)
    first, _ = works.spawn("/bin/cat"), works.spawn("/bin/cat")
    before = own_descendants()
    error = _refused(ErrorCode.LIMIT_EXCEEDED, lambda: works.spawn("/bin/cat"))
    assert dict(error.data) == {"limit": "maxSessions", "value": 2}
    assert own_descendants() == before
    works.registry.terminate(first, 0)
    works.run_until_closed(first)
    works.spawn("/bin/cat")


def test_a_removed_session_counts_until_it_was_reaped(make_works: MakeWorks) -> None:
    works = make_works(max_sessions=1)
    first = works.spawn("/bin/cat")
    works.registry.remove(first)
    _refused(ErrorCode.LIMIT_EXCEEDED, lambda: works.spawn("/bin/cat"))
    works.run_until(lambda: not works.registry.has_processes())
    works.spawn("/bin/cat")


SURVIVOR = "trap '' TERM HUP; (echo ready; exec >&- 2>&- <&-; read _ <$1) & read _; exit 0"
"""Ends when its stdin does, and leaves somebody behind in its group who waits at a gate and holds no pipe."""


@pytest.mark.parametrize("how", ["kept", "remove", "purge"])
def test_what_a_closed_session_left_behind_counts_until_it_is_gone(
    how: str, make_works: MakeWorks, gate: MakeGate
) -> None:
    works, held = make_works(max_sessions=1), gate()
    session = works.spawn(*shell(SURVIVOR, held.path))
    works.read_line(session)
    session.stdin.write(b"", lambda *_: None, close=True)
    works.run_until_closed(session)
    if how == "remove":
        works.registry.remove(session)
    elif how == "purge":
        works.registry.purge("")
    assert works.registry.has_processes()
    assert works.registry._leftovers.count() == (0 if how == "kept" else 1)
    before = own_descendants()
    error = _refused(ErrorCode.LIMIT_EXCEEDED, lambda: works.spawn("/bin/cat"))
    assert dict(error.data) == {"limit": "maxSessions", "value": 1}
    assert own_descendants() == before
    held.open_and_release()
    works.run_until(lambda: not works.registry.has_processes())
    works.spawn("/bin/cat")


def test_few_descriptors_allow_few_sessions(make_works: MakeWorks) -> None:
    works = make_works(max_sessions=1000)
    assert works.registry.max_sessions == 1000
    works.descriptor_limit.soft = 32 + 4 * 3 + 3
    assert works.registry.max_sessions == 3


def test_of_closed_sessions_the_oldest_are_forgotten(make_works: MakeWorks) -> None:
    works = make_works(max_exited_sessions=2)
    sessions = []
    for _ in range(4):
        sessions.append(works.spawn("/bin/true"))
        works.run_until_closed(sessions[-1])
    assert works.registry.sessions() == sessions[2:]


def test_of_closed_sessions_with_much_output_the_oldest_are_forgotten(make_works: MakeWorks) -> None:
    works = make_works(max_exited_backlog_bytes=3500)
    sessions = []
    for _ in range(3):
        sessions.append(works.spawn("/bin/sh", "-c", "head -c 1000 /dev/zero"))
        works.run_until_closed(sessions[-1])
    assert works.registry.sessions() == sessions[1:]


def test_arguments_of_closed_sessions_count_as_what_is_retained_of_them(make_works: MakeWorks) -> None:
    works = make_works(max_exited_backlog_bytes=250_000)
    sessions = [works.spawn("/bin/true", "x" * 100_000, command="true") for _ in range(3)]
    works.run_until_closed(*sessions)
    assert len(works.registry.sessions()) == 2


def test_the_command_that_is_shown_is_cut_to_what_a_label_may_be(make_works: MakeWorks) -> None:
    works = make_works(max_label_characters=20)
    session = works.spawn("/bin/true", "x" * 100_000)
    works.run_until_closed(session)
    assert session.description.command == "/bin/true " + "x" * 10
    assert session.description.argv == ("/bin/true", "x" * 100_000)


def test_where_no_closed_session_may_be_kept_it_is_told_and_forgotten(make_works: MakeWorks) -> None:
    works = make_works(max_exited_sessions=0)
    session = works.spawn("/bin/true")
    works.run_until_closed(session)
    assert works.registry.sessions() == []
    assert kinds(works.of(session))[-1] == "closed"


def test_purge_forgets_the_closed_ones_of_an_originator_only(make_works: MakeWorks) -> None:
    works = make_works()
    closed_mine, closed_yours = works.spawn("/bin/true"), works.spawn("/bin/true", originator="you")
    running = works.spawn("/bin/cat")
    works.run_until_closed(closed_mine, closed_yours)
    assert works.registry.purge("tests") == (1, [])
    assert works.registry.sessions() == [closed_yours, running]
    assert works.registry.purge("tests") == (0, [])
    assert works.registry.purge("") == (1, [])
    assert works.registry.sessions() == [running]
    assert works.registry.sessions("you") == []


def test_purge_keeps_a_session_whose_stream_is_held(make_works: MakeWorks, gate: MakeGate) -> None:
    works, held = make_works(), gate()
    session = works.spawn(*shell("(read _ < $1) & exit 0", held.path))
    works.run_until_exited(session)
    assert works.registry.purge("") == (0, [])
    held.release()
    works.run_until_closed(session)
    assert works.registry.purge("") == (1, [])


@pytest.mark.parametrize("how", ["remove", "purge", "retention"])
def test_survivors_of_a_terminated_session_are_killed_at_the_deadline_although_it_was_forgotten(
    how: str, make_works: MakeWorks
) -> None:
    works = make_works(max_exited_sessions=0 if how == "retention" else 10)
    session = works.spawn(*shell("(trap '' TERM; echo $(exec sh -c 'echo $PPID'); exec >&- 2>&-; sleep 1000) & wait"))
    works.read_line(session)
    works.registry.terminate(session, 0.1)
    works.run_until_closed(session)
    if how == "remove":
        works.registry.remove(session)
    elif how == "purge":
        assert works.registry.purge("") == (1, [])
    assert works.registry.sessions() == []
    assert works.registry.has_processes()
    passed: list[bool] = []
    works.loop.call_at(works.loop.now + 0.3, lambda: passed.append(True))
    works.run_until(lambda: passed)
    assert works.registry._leftovers.count() == 0


# Attachments


def _with_backlog(works: Works) -> Session:
    session = works.spawn(*shell("printf 0123456789; exec cat"), attach=(), backlog_bytes=8)
    works.run_until(lambda: session.streams[OUT].ring.end == 10)
    return session


@pytest.mark.parametrize(
    ("from_offset", "offset", "missed"), [(None, 2, 0), (0, 2, 2), (1, 2, 1), (2, 2, 0), (7, 7, 0), (10, 10, 0)]
)
def test_an_attachment_starts_where_it_is_wanted_or_behind_what_is_gone(
    from_offset: int | None, offset: int, missed: int, make_works: MakeWorks
) -> None:
    works = make_works()
    session = _with_backlog(works)
    attachment, missed_bytes, stolen = works.registry.attach(
        session, OUT, from_offset=from_offset, encoding=None, steal=False
    )
    assert (attachment.offset, missed_bytes, stolen) == (offset, missed, None)
    session.stdin.write(b"!", lambda *_: None, close=False)
    works.run_until(lambda: text(works.of(session)).endswith("!"))
    assert text(works.of(session)) == "0123456789!"[offset:]


def test_an_offset_beyond_the_end_is_refused_and_nobody_is_detached(make_works: MakeWorks) -> None:
    works = make_works()
    session = _with_backlog(works)
    works.registry.attach(session, OUT, from_offset=None, encoding=None, steal=False)
    error = _refused(
        ErrorCode.OFFSET_OUT_OF_RANGE,
        lambda: works.registry.attach(session, OUT, from_offset=11, encoding=None, steal=True),
    )
    assert dict(error.data) == {"sessionId": session.session_id, "stream": "stdout", "endOffset": 10}
    assert session.streams[OUT].attachment is not None
    assert require_offset(session, OUT, 10) == 10


def test_an_occupied_stream_is_refused_and_with_steal_taken_over(make_works: MakeWorks) -> None:
    works = make_works()
    session = works.spawn(*shell("printf 01234; exec cat"))
    works.run_until(lambda: text(works.of(session)) == "01234")
    error = _refused(
        ErrorCode.ALREADY_ATTACHED,
        lambda: works.registry.attach(session, OUT, from_offset=None, encoding=None, steal=False),
    )
    assert error.data["attachmentId"] == "attachment-00000001"
    attachment, missed, stolen = works.registry.attach(session, OUT, from_offset=3, encoding=None, steal=True)
    assert stolen == Detached(session.session_id, OUT, "attachment-00000001", 5, DetachReason.STOLEN)
    assert (attachment.attachment_id, attachment.offset, missed) == ("attachment-00000003", 3, 0)
    works.run_until(lambda: text(works.of(session)) == "0123434")


def test_an_attachment_has_the_session_s_encoding_or_its_own(make_works: MakeWorks) -> None:
    works = make_works()
    session = works.spawn("/bin/cat", attach=(), encoding=Encoding.BASE64)
    assert (
        works.registry.attach(session, OUT, from_offset=None, encoding=None, steal=False)[0].encoding is Encoding.BASE64
    )
    own = works.registry.attach(session, ERR, from_offset=None, encoding=Encoding.AUTO, steal=False)[0]
    assert own.encoding is Encoding.AUTO


def test_attached_and_detached_again_and_again_under_a_flood_the_pieces_join(make_works: MakeWorks) -> None:
    works = make_works()
    source = "import os\nfor n in range(20000): os.write(1, b'%06d\\n' % n)"
    session = works.spawn(*python(source), attach=(), backlog_bytes=4096, overflow=Overflow.BLOCK)
    expected = "".join(f"{number:06d}\n" for number in range(20000))
    offset = 0
    while not session.streams[OUT].ended or offset < session.streams[OUT].ring.end:
        attachment, missed, _ = works.registry.attach(session, OUT, from_offset=offset, encoding=None, steal=False)
        assert attachment.offset == offset + missed
        offset = attachment.offset
        seen = len(works.told)
        works.loop.run_turn()
        works.pump()
        for each in works.told[seen:]:
            if isinstance(each, Output):
                assert (each.offset, each.missed_bytes) == (offset, 0)
                assert each.data == expected[offset : offset + each.length]
                offset += each.length
        detached = session.detach(OUT, DetachReason.DETACHED)
        assert detached is None or detached.offset == offset
    assert offset == len(expected)


# Many sessions


def test_sessions_with_news_take_turns(make_works: MakeWorks) -> None:
    works = make_works()
    works.pulling = False
    sessions = [works.spawn(*shell("printf 0123456789; exec cat")) for _ in range(3)]
    works.run_until(lambda: all(each.streams[OUT].ring.end == 10 for each in sessions))
    told = [works.registry.pull(4) for _ in range(9)]
    heard = [each.session_id for each in told if isinstance(each, Output)]
    assert {each: heard.count(each) for each in heard} == {each.session_id: 3 for each in sessions}
    assert len(set(heard[:5])) == 3
    assert works.registry.pull(4) is None


def test_a_line_waits_for_one_piece_of_a_flood_however_many_flood(make_works: MakeWorks) -> None:
    works = make_works()
    works.pulling = False
    floods = [works.spawn(*shell("printf %0100d 0; exec cat")) for _ in range(5)]
    talker = works.spawn("/bin/cat")
    works.run_until(lambda: all(each.streams[OUT].ring.end == 100 for each in floods))
    for _ in floods * 2:
        assert isinstance(works.registry.pull(4), Output)
    for _ in range(3):
        end = talker.streams[OUT].ring.end
        talker.stdin.write(b"hi", lambda written, error: None, close=False)
        works.run_until(lambda before=end: talker.streams[OUT].ring.end == before + 2)  # type: ignore[misc]
        told = [works.registry.pull(4) for _ in range(2)]
        assert [each.data for each in told if isinstance(each, Output) and each.session_id == talker.session_id] == [
            "hi"
        ]


def test_terminate_all_ends_the_running_ones_of_an_originator_that_are_old_enough(
    make_works: MakeWorks, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = make_works()
    mine, yours = works.spawn("/bin/cat"), works.spawn("/bin/cat", originator="you")
    over = works.spawn("/bin/true")
    works.run_until_closed(over)
    assert works.registry.terminate_all("tests", DEADLINE_S * 10, None) == 0
    assert works.registry.terminate_all("nobody", 0, None) == 0
    assert works.registry.terminate_all("tests", 0, None) == 1
    works.run_until_closed(mine)
    assert yours.state is State.RUNNING
    assert works.registry.terminate_all("", 0, 0) == 1
    works.run_until_closed(yours)
    assert yours.exit is not None
    assert yours.exit.outcome is Outcome.HARD_KILLED


def test_terminate_all_ends_a_session_that_was_spawned_in_the_same_turn(make_works: MakeWorks) -> None:
    works = make_works()
    works.spawn("/bin/cat")
    assert works.registry.terminate_all("", 0, None) == 1


def test_one_that_may_not_be_signalled_saves_no_other(make_works: MakeWorks, monkeypatch: pytest.MonkeyPatch) -> None:
    works = make_works()
    first, second = works.spawn("/bin/cat"), works.spawn("/bin/cat")
    real_send = ProcessGroup.send

    def send(group: ProcessGroup, number: int) -> None:
        if group.pid == first.pid and number:
            raise PermissionError
        real_send(group, number)

    with monkeypatch.context() as patch:
        patch.setattr(ProcessGroup, "send", send)
        works.take_a_turn()
        assert works.registry.terminate_all("", 0, None) == 2
        works.run_until_closed(second)
        third = works.spawn("/bin/cat")
        works.registry.end_all(kill=False)
        works.run_until_closed(third)
        assert first.is_running
        works.registry.remove(first)
    os.kill(first.pid, signal.SIGKILL)
    works.run_until(lambda: not works.registry.has_processes())


def test_the_longest_grace_is_that_of_the_most_patient_session(make_works: MakeWorks) -> None:
    works = make_works()
    assert works.registry.longest_grace_s() == 0
    works.spawn("/bin/cat", grace_s=1)
    works.spawn("/bin/cat", grace_s=7)
    works.spawn("/bin/cat", grace_s=3)
    assert works.registry.longest_grace_s() == 7


def test_there_is_news_while_something_waits_to_be_told(make_works: MakeWorks) -> None:
    works = make_works()
    works.pulling = False
    session = works.spawn("/bin/true", attach=())
    works.run_until(lambda: session.exit is not None)
    assert works.registry.has_news()
    works.pulling = True
    works.run_until_closed(session)
    while works.registry.pull(100) is not None:
        pass
    assert not works.registry.has_news()


def test_the_error_for_an_unknown_id_tells_where_to_look(make_works: MakeWorks) -> None:
    works = make_works()
    error = _refused(ErrorCode.SESSION_NOT_FOUND, lambda: works.registry.get("pipe-none"))
    assert "session/list" in error.message
    assert dict(error.data) == dict(session_not_found("pipe-none").data) == {"sessionId": "pipe-none"}


def test_the_arguments_of_a_removed_session_count_until_its_process_has_ended(make_works: MakeWorks) -> None:
    argv = ("/bin/cat", "-", "x" * 5000)
    works = make_works(max_argument_bytes=9000 + len(shlex.join(argv)))
    session = works.spawn(*argv)
    works.registry.remove(session)
    _refused(ErrorCode.LIMIT_EXCEEDED, lambda: works.spawn(*argv))
    works.run_until(lambda: not works.registry.has_processes())
    again = works.spawn(*argv)
    works.registry.remove(again)


@pytest.mark.parametrize("removed", [True, False], ids=["removed", "closed"])
def test_whatever_becomes_of_a_session_its_arguments_are_counted_once(make_works: MakeWorks, removed: bool) -> None:
    works = make_works(max_exited_sessions=1)
    for _ in range(3):
        session = works.spawn("/bin/true", "argument")
        works.run_until_closed(session)
        if removed:
            works.registry.remove(session)
    assert works.registry._argument_bytes == 0


def test_a_spawn_that_fails_counts_as_tried(make_works: MakeWorks) -> None:
    works = make_works()
    for number in range(3):
        assert works.registry.spawns_tried == number
        _refused(ErrorCode.SPAWN_FAILED, lambda: works.spawn("/no/such/program"))
