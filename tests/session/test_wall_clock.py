"""The wall clock is for people: whatever it does, no deadline, outcome, duration, age or order follows it."""

import signal
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from pipe_rpc.buffers.text import Encoding
from pipe_rpc.child.cgroup_tree import CgroupTree
from pipe_rpc.child.descriptor_limit import DescriptorLimit
from pipe_rpc.limits import Limits
from pipe_rpc.session import spawning
from pipe_rpc.session.attachment import Overflow
from pipe_rpc.session.lifecycle import Outcome, Reason, State
from pipe_rpc.session.registry import SessionRegistry
from pipe_rpc.session.session import Session
from pipe_rpc.session.spawning import SpawnOrder
from tests.session.harness import EXITED_0, KILLED, FakeChild, FakeOrphans, ManualExitWatch, StillLoop

DAY_NS = 86_400 * 10**9
NOON_NS = 20_000 * DAY_NS
ORDER = SpawnOrder(
    argv=("fake",),
    cwd=None,
    env={},
    inherit_env=True,
    originator="tests",
    command=None,
    merge_stderr=False,
    stdin_pipe=True,
    attach=(),
    encoding=Encoding.UTF_8,
    overflow=Overflow.BLOCK,
    backlog_bytes=1024,
    timeout_s=10.0,
    grace_s=2.0,
)


class Room:
    """Sessions over fake children, and a clock on the wall that the test sets."""

    def __init__(self) -> None:
        self.wall_ns = NOON_NS
        self.loop = StillLoop()
        self.exits = ManualExitWatch()
        self.children: list[FakeChild] = []
        self._limit = DescriptorLimit()
        self.registry = SessionRegistry(
            self.loop,
            self.exits,
            FakeOrphans(),
            self._limit,
            Limits(),
            wall_clock=lambda: self.wall_ns,
            environment={},
            cgroups=CgroupTree(None),
        )

    def spawn(self) -> tuple[Session, FakeChild]:
        """Start a session."""
        child = FakeChild(pid=4711 + len(self.children))
        self.children.append(child)
        with patch.object(spawning, "spawn", lambda *_: child):
            return self.registry.spawn(ORDER), child

    def close(self) -> None:
        """Give every descriptor back."""
        for child in self.children:
            child.close()
        for session in self.registry.sessions():
            session.abandon()
        self._limit.close()
        self.loop.close()


@pytest.fixture
def room() -> Iterator[Room]:
    made = Room()
    yield made
    made.close()


@pytest.mark.parametrize("jump_ns", [-DAY_NS, DAY_NS], ids=["a day back", "a day ahead"])
def test_a_jump_moves_neither_the_time_limit_nor_the_kill_nor_the_duration(room: Room, jump_ns: int) -> None:
    session, child = room.spawn()
    room.wall_ns += jump_ns
    room.loop.advance(9.9)
    assert child.fake_group.sent == []
    room.loop.advance(0.2)
    assert child.fake_group.sent == [signal.SIGTERM, signal.SIGCONT]
    room.wall_ns += jump_ns
    room.loop.advance(1.9)
    assert child.fake_group.sent == [signal.SIGTERM, signal.SIGCONT]
    room.loop.advance(0.2)
    assert child.fake_group.sent == [signal.SIGTERM, signal.SIGCONT, signal.SIGKILL]
    room.exits.report(child, KILLED)
    assert session.exit is not None
    assert (session.exit.outcome, session.exit.reason) == (Outcome.HARD_KILLED, Reason.TIMEOUT)
    assert session.exit.duration_s == pytest.approx(12.2)
    assert session.exit.exited_at == (NOON_NS + 2 * jump_ns) / 1e9


@pytest.mark.parametrize("jump_ns", [-DAY_NS, DAY_NS], ids=["a day back", "a day ahead"])
def test_a_jump_makes_no_hard_kill_of_a_soft_end(room: Room, jump_ns: int) -> None:
    session, child = room.spawn()
    room.registry.terminate(session, 5.0)
    room.wall_ns += jump_ns
    room.loop.advance(4.0)
    room.exits.report(child, EXITED_0)
    assert session.exit is not None
    assert session.exit.outcome is Outcome.SOFT_EXIT
    assert session.exit.duration_s == pytest.approx(4.0)


def test_a_jump_makes_no_session_older_or_younger(room: Room) -> None:
    young, _ = room.spawn()
    room.wall_ns += DAY_NS
    room.loop.advance(1.0)
    assert room.registry.terminate_all("", 2.0, None) == 0
    room.wall_ns -= 2 * DAY_NS
    room.loop.advance(1.0)
    assert room.registry.terminate_all("", 2.0, None) == 1
    assert young.state is State.TERMINATING


def test_sessions_stay_in_the_order_of_their_spawns_with_an_id_of_their_own(room: Room) -> None:
    spawned = []
    for _ in range(3):
        spawned.append(room.spawn()[0])
        room.wall_ns -= DAY_NS
    room.wall_ns = NOON_NS
    spawned.append(room.spawn()[0])
    assert room.registry.sessions() == spawned
    assert len({session.session_id for session in spawned}) == 4
