"""pipe_rpc/lsp/notices.py: what is worth an interruption, and in which words."""

import pytest

from pipe_rpc.child.exit_status import ExitStatus
from pipe_rpc.lsp.notices import Notice, last_word, notice
from pipe_rpc.session.description import Exit
from pipe_rpc.session.lifecycle import Outcome, Reason
from tests.session.harness import EXITED_0, KILLED, TERMINATED, USAGE

EXITED_2 = ExitStatus(2, None, core_dumped=False, usage=USAGE)
LONG_S = 10.0


def ended(status: ExitStatus, duration_s: float = 1.5, reason: Reason | None = None) -> Exit:
    outcome = Outcome.NATURAL_EXIT if reason is None else Outcome.SOFT_EXIT
    return Exit(status, outcome, reason, 5.0, duration_s)


@pytest.mark.parametrize(
    ("exit_", "told"),
    [
        (ended(EXITED_0, 9.99), None),
        (ended(EXITED_0, 10.0), Notice("make: done after 10.0 s", is_error=False)),
        (ended(EXITED_2), Notice("make: exit status 2 after 1.5 s", is_error=True)),
        (ended(EXITED_2, 60), Notice("make: exit status 2 after 60.0 s", is_error=True)),
        (ended(KILLED), Notice("make: SIGKILL after 1.5 s", is_error=True)),
        (ended(TERMINATED, 60, Reason.REQUEST), None),
        (ended(EXITED_0, 60, Reason.REQUEST), None),
        (ended(EXITED_2, 60, Reason.SHUTDOWN), None),
        (ended(TERMINATED, 5, Reason.TIMEOUT), Notice("make: timed out, SIGTERM after 5.0 s", is_error=True)),
    ],
    ids=repr,
)
def test_a_failure_and_a_long_job_are_told_and_what_somebody_asked_for_is_not(exit_: Exit, told: Notice | None) -> None:
    assert notice("make", exit_, LONG_S) == told


def test_a_long_command_of_several_lines_is_one_short_line() -> None:
    told = notice("first\n  second " + "x" * 500, ended(EXITED_2), LONG_S)
    assert told is not None
    assert told.text.startswith("first second xxx")
    assert "\n" not in told.text
    assert len(told.text) < 150


def test_the_last_word_is_the_status_or_the_signal_and_how_long_it_took() -> None:
    assert last_word(ended(EXITED_2)) == "exit status 2 after 1.5 s"
    assert last_word(ended(KILLED)) == "SIGKILL after 1.5 s"
