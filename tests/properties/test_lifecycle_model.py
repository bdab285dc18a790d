"""The life of a session's process against its whole history: what the contract says, computed anew each time."""

import math
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pipe_rpc.child.exit_status import ExitStatus, Usage
from pipe_rpc.session.lifecycle import Action, Lifecycle, Outcome, Reason, State

STATUSES = [
    ExitStatus(code, name, core_dumped=False, usage=Usage(0.0, 0.0, 0))
    for code, name in [(0, None), (137, None), (None, "SIGTERM"), (None, "SIGKILL")]
]
GRACES = st.one_of(st.just(0.0), st.sampled_from([0.5, 1.0, 2.0, 8.0]), st.floats(0.001, 20.0))


class Asked(NamedTuple):
    """One termination that was asked for while the process lived."""

    at: float
    grace_s: float
    reason: Reason

    @property
    def due(self) -> float:
        """When SIGKILL is due."""
        return self.at + max(0.0, self.grace_s)


class LifecycleModel(RuleBasedStateMachine):
    """Asks, waits and ends in any order; the model keeps the history and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.life = Lifecycle()
        self.now = 1000.0
        self.asked: list[Asked] = []
        self.hard_at: list[float] = []
        self.soft_count = 0
        self.exited_with: ExitStatus | None = None
        self.hard_before_exit = False
        self.hard_after_exit = False

    def _note(self, action: Action) -> Action:
        if action is Action.SOFT:
            self.soft_count += 1
        if action is Action.HARD:
            self.hard_at.append(self.now)
            if self.exited_with is None:
                self.hard_before_exit = True
            else:
                self.hard_after_exit = True
        return action

    @property
    def due(self) -> float:
        """The earliest moment that anybody asked for."""
        return min((each.due for each in self.asked), default=math.inf)

    @rule(grace_s=GRACES, reason=st.sampled_from(Reason))
    def terminate(self, grace_s: float, reason: Reason) -> None:
        """Somebody asks for the end."""
        first = not self.asked
        was_killing = self.hard_before_exit
        action = self._note(self.life.terminate(self.now, grace_s, reason))
        if self.exited_with is not None:
            assert action is Action.HARD
            return
        self.asked.append(Asked(self.now, grace_s, reason))
        if was_killing:
            assert action is Action.NOTHING
        elif grace_s <= 0:
            assert action is Action.HARD
        else:
            assert action is (Action.SOFT if first else Action.NOTHING)

    @rule(passed_s=st.one_of(st.just(0.0), st.sampled_from([0.5, 1.0, 2.0]), st.floats(0.0, 10.0)))
    def wait(self, passed_s: float) -> None:
        """Time passes, and the loop looks at the clock."""
        expected = not (self.hard_before_exit or self.hard_after_exit) and self.now + passed_s >= self.due
        self.now += passed_s
        action = self._note(self.life.expire(self.now))
        assert action is (Action.HARD if expected else Action.NOTHING)

    @precondition(lambda self: self.exited_with is None)
    @rule(status=st.sampled_from(STATUSES))
    def exit(self, status: ExitStatus) -> None:
        """The process ends."""
        outcome = self.life.exited(status)
        self.exited_with = status
        assert outcome is self.life.outcome

    @invariant()
    def state_follows_from_the_history(self) -> None:
        """Nothing but the history decides."""
        if self.exited_with is not None:
            expected = State.EXITED
        elif self.hard_before_exit:
            expected = State.KILLING
        elif self.asked:
            expected = State.TERMINATING
        else:
            expected = State.RUNNING
        assert self.life.state is expected

    @invariant()
    def deadline_is_the_earliest_and_only_while_no_kill_was_sent(self) -> None:
        """SIGKILL is due once."""
        if not self.asked or self.hard_before_exit or self.hard_after_exit:
            assert self.life.deadline is None
        else:
            assert self.life.deadline == self.due

    @invariant()
    def kills_and_asks_are_counted(self) -> None:
        """One SIGTERM, and never one behind a SIGKILL; no SIGKILL before it is due."""
        assert self.soft_count <= 1
        if self.exited_with is None:
            assert len(self.hard_at) <= 1
            assert all(at >= self.due for at in self.hard_at)

    @invariant()
    def reason_is_the_first_and_outcome_fits(self) -> None:
        """Who asked first is the reason."""
        assert self.life.reason is (self.asked[0].reason if self.asked else None)
        if self.exited_with is None:
            assert self.life.outcome is None
        elif not self.asked:
            assert self.life.outcome is Outcome.NATURAL_EXIT
        elif self.hard_before_exit and self.exited_with.signal_name == "SIGKILL":
            assert self.life.outcome is Outcome.HARD_KILLED
        else:
            assert self.life.outcome is Outcome.SOFT_EXIT


LifecycleModel.TestCase.settings = settings(max_examples=200, stateful_step_count=20, deadline=None)
TestLifecycleModel = LifecycleModel.TestCase


@given(graces=st.lists(st.floats(0.001, 100.0), min_size=1, max_size=6))
def test_of_several_requests_at_once_the_shortest_grace_decides_whatever_their_order(graces: list[float]) -> None:
    life = Lifecycle()
    actions = [life.terminate(1000.0, grace_s, Reason.REQUEST) for grace_s in graces]
    assert actions == [Action.SOFT] + [Action.NOTHING] * (len(graces) - 1)
    assert life.deadline == 1000.0 + min(graces)
