"""pipe_rpc/session/lifecycle.py, as a table. tests/properties/test_lifecycle_model.py has the histories."""

import pytest

from pipe_rpc.child.exit_status import ExitStatus
from pipe_rpc.session.lifecycle import Action, Lifecycle, Outcome, Reason, State
from tests.session.harness import EXITED_0, KILLED, TERMINATED

NOW = 1000.0


def _in_state(state: State) -> Lifecycle:
    life = Lifecycle()
    match state:
        case State.RUNNING:
            pass
        case State.TERMINATING:
            life.terminate(NOW, 5, Reason.REQUEST)
        case State.KILLING:
            life.terminate(NOW, 0, Reason.REQUEST)
        case State.EXITED:
            life.exited(EXITED_0)
    assert life.state is state
    return life


def test_a_life_begins_running_without_a_deadline() -> None:
    life = Lifecycle()
    assert (life.state, life.reason, life.outcome, life.deadline) == (State.RUNNING, None, None, None)
    assert life.expire(1e9) is Action.NOTHING
    assert repr(life) == "<Lifecycle running>"


@pytest.mark.parametrize(
    ("state", "grace_s", "action", "then"),
    [
        (State.RUNNING, 5.0, Action.SOFT, State.TERMINATING),
        (State.RUNNING, 0.0, Action.HARD, State.KILLING),
        (State.RUNNING, -1.0, Action.HARD, State.KILLING),
        (State.TERMINATING, 5.0, Action.NOTHING, State.TERMINATING),
        (State.TERMINATING, 0.0, Action.HARD, State.KILLING),
        (State.KILLING, 5.0, Action.NOTHING, State.KILLING),
        (State.KILLING, 0.0, Action.NOTHING, State.KILLING),
        (State.EXITED, 5.0, Action.HARD, State.EXITED),
        (State.EXITED, 0.0, Action.HARD, State.EXITED),
    ],
)
def test_terminate_in_each_state(state: State, grace_s: float, action: Action, then: State) -> None:
    life = _in_state(state)
    assert life.terminate(NOW, grace_s, Reason.REQUEST) is action
    assert life.state is then


@pytest.mark.parametrize(("first", "second", "due"), [(10.0, 0.5, NOW + 1.5), (2.0, 60.0, NOW + 2)])
def test_the_earlier_deadline_holds(first: float, second: float, due: float) -> None:
    life = Lifecycle()
    life.terminate(NOW, first, Reason.REQUEST)
    life.terminate(NOW + 1, second, Reason.REQUEST)
    assert life.deadline == due


def test_the_deadline_itself_is_late_enough_and_nothing_before_is() -> None:
    life = _in_state(State.TERMINATING)
    assert life.expire(NOW + 4.999) is Action.NOTHING
    assert life.state is State.TERMINATING
    assert life.expire(NOW + 5) is Action.HARD
    assert (life.state, life.deadline) == (State.KILLING, None)
    assert life.expire(NOW + 6) is Action.NOTHING


def test_the_first_reason_stays() -> None:
    life = Lifecycle()
    life.terminate(NOW, 5, Reason.TIMEOUT)
    life.terminate(NOW, 0, Reason.SHUTDOWN)
    assert life.reason is Reason.TIMEOUT


def test_what_is_asked_after_the_exit_is_no_reason_of_it() -> None:
    life = _in_state(State.EXITED)
    life.terminate(NOW, 0, Reason.REQUEST)
    assert (life.reason, life.outcome) == (None, Outcome.NATURAL_EXIT)


@pytest.mark.parametrize(
    ("state", "status", "outcome"),
    [
        (State.RUNNING, EXITED_0, Outcome.NATURAL_EXIT),
        (State.RUNNING, KILLED, Outcome.NATURAL_EXIT),
        (State.TERMINATING, TERMINATED, Outcome.SOFT_EXIT),
        (State.TERMINATING, EXITED_0, Outcome.SOFT_EXIT),
        (State.TERMINATING, KILLED, Outcome.SOFT_EXIT),
        (State.KILLING, KILLED, Outcome.HARD_KILLED),
        (State.KILLING, TERMINATED, Outcome.SOFT_EXIT),
        (State.KILLING, EXITED_0, Outcome.SOFT_EXIT),
    ],
)
def test_the_outcome_tells_whether_our_kill_ended_it(state: State, status: ExitStatus, outcome: Outcome) -> None:
    life = _in_state(state)
    assert life.exited(status) is outcome
    assert (life.state, life.outcome) == (State.EXITED, outcome)


def test_the_deadline_outlives_the_exit_for_what_is_left_of_the_group() -> None:
    life = _in_state(State.TERMINATING)
    life.exited(TERMINATED)
    assert life.deadline == NOW + 5
    assert life.expire(NOW + 5) is Action.HARD
    assert (life.state, life.outcome) == (State.EXITED, Outcome.SOFT_EXIT)
    assert life.expire(NOW + 6) is Action.NOTHING
