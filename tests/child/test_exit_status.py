"""pipe_rpc/child/exit_status.py."""

import signal
import sys

import pytest

from pipe_rpc.child.exit_status import ExitStatus, Usage, from_wait_status, signal_name, signal_number

USAGE = Usage(0.25, 0.5, 4096)


def test_an_exit_code_is_no_signal() -> None:
    assert from_wait_status(42 << 8, USAGE) == ExitStatus(42, None, core_dumped=False, usage=USAGE)


def test_exit_137_is_not_an_end_by_sigkill() -> None:
    assert from_wait_status(137 << 8, USAGE) == ExitStatus(137, None, core_dumped=False, usage=USAGE)
    assert from_wait_status(signal.SIGKILL, USAGE) == ExitStatus(None, "SIGKILL", core_dumped=False, usage=USAGE)


def test_a_core_dump_is_told() -> None:
    assert from_wait_status(signal.SIGABRT | 0x80, USAGE) == ExitStatus(None, "SIGABRT", core_dumped=True, usage=USAGE)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGKILL, signal.SIGXCPU, signal.SIGSYS])
def test_a_signal_has_its_name(number: signal.Signals) -> None:
    assert signal_name(number) == number.name


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has real-time signals here")
def test_a_real_time_signal_counts_from_sigrtmin() -> None:
    assert signal_name(signal.SIGRTMIN) == "SIGRTMIN"
    assert signal_name(signal.SIGRTMIN + 3) == "SIGRTMIN+3"
    assert signal_name(signal.SIGRTMAX) == "SIGRTMAX"


@pytest.mark.parametrize("number", [32, 33])
@pytest.mark.skipif(sys.platform != "linux", reason="the two that the C library of Linux keeps for itself")
def test_a_signal_below_sigrtmin_is_named_by_its_number(number: int) -> None:
    assert signal_name(number) == f"SIG{number}"


def test_without_real_time_signals_a_nameless_one_is_named_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "SIGRTMIN")
    assert signal_name(63) == "SIG63"


@pytest.mark.parametrize("number", sorted(signal.valid_signals()))
def test_the_number_of_a_signal_comes_back_from_its_name(number: int) -> None:
    assert signal_number(signal_name(number)) == number


def test_a_signal_of_two_names_has_its_number_by_either() -> None:
    assert signal_number("SIGABRT") == signal_number("SIGIOT") == signal.SIGABRT


@pytest.mark.parametrize("name", ["", "TERM", "sigterm", "SIGNONE", "15", "SIG_DFL", "SIGRTMIN+", "SIGRTMIN+1000"])
def test_what_is_no_name_of_a_signal_has_no_number(name: str) -> None:
    assert signal_number(name) is None
