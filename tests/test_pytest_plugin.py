"""pipe_rpc/pytest_plugin.py: runs of pytest of their own, one with the plugin as its entry point brings it in."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import pytest

from pipe_rpc.pytest_plugin import LAST_MESSAGES, SETTLE_S

pytest_plugins = ["pytester"]

RunTests = Callable[[str], pytest.RunResult]


@pytest.fixture
def run_tests(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> RunTests:
    """Run the text of a test module in a pytest of its own, which loads this plugin and no other."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def run(text: str) -> pytest.RunResult:
        pytester.makepyfile(text)
        return pytester.runpytest_subprocess("-p", "pipe_rpc.pytest_plugin", "-p", "no:cacheprovider", "-W", "error")

    return run


def test_a_test_gets_a_connected_client_and_leaves_nothing(run_tests: RunTests) -> None:
    result = run_tests(
        """
        def test_echo(pipe_rpc):
            session = pipe_rpc.spawn(["cat"])
            session.write("hello", close=True)
            assert session.stdout.text() == "hello"
            assert session.wait().exit_code == 0

        def test_end_is_near(pipe_rpc):
            # The child has said its last word, and nobody has waited for its exit.
            assert pipe_rpc.spawn(["echo", "hello"]).stdout.text() == "hello\\n"

        def test_deliberate_end(pipe_rpc):
            pipe_rpc.spawn(["sleep", "60"])
            pipe_rpc.close()
        """
    )
    result.assert_outcomes(passed=3)


def test_a_session_that_is_left_running_fails_the_test(run_tests: RunTests) -> None:
    result = run_tests(
        """
        def test_forgetful(pipe_rpc):
            pipe_rpc.spawn(["sleep", "60"])
        """
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*The test left something behind:",
            "*- session pipe-* (sleep 60) is running: close its stdin, wait for it or terminate it",
            "*pipe_rpc conversation 1*",
            '*→ #2 session/spawn {"argv": [[]"sleep", "60"]}',
        ]
    )
    assert result.ret == 1


def test_output_that_a_process_left_behind_holds_fails_the_test(run_tests: RunTests) -> None:
    result = run_tests(
        """
        def test_daemon(pipe_rpc):
            pipe_rpc.spawn(["sh", "-c", "sleep 60 & exit 0"]).wait()
        """
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*- session * has exited, but a process that it left holds its output"])


def test_an_error_that_nobody_reads_fails_the_test(run_tests: RunTests) -> None:
    result = run_tests(
        """
        import os
        import pytest
        from pipe_rpc.client import TeeErrorParams

        @pytest.fixture
        def session(pipe_rpc, tmp_path):
            \"\"\"A session with a tee that has failed: nobody reads its FIFO any more.\"\"\"
            fifo = tmp_path / "fifo"
            os.mkfifo(fifo)
            reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
            session = pipe_rpc.spawn(["cat"])
            session.tee(path=fifo)
            os.close(reader)
            session.write("lost", close=True)
            session.wait(until="closed")
            return session

        @pytest.fixture
        def events(pipe_rpc):
            return pipe_rpc.events()

        def test_blind(session):
            pass

        def test_seeing(session):
            assert any(isinstance(event, TeeErrorParams) for event in session.events())

        def test_seeing_all(events, session):
            assert any(isinstance(event, TeeErrorParams) for event in events)
        """
    )
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(
        ["*- an error that no reader of events has got: stdout of pipe-* is not written to */fifo from offset 0 on: *"]
    )


def test_a_server_that_ends_by_itself_fails_the_test(run_tests: RunTests) -> None:
    result = run_tests(
        """
        import contextlib, os, signal
        from pipe_rpc.client import EndpointGone

        def test_killer(pipe_rpc):
            os.kill(pipe_rpc.pid, signal.SIGKILL)
            with contextlib.suppress(EndpointGone):
                while True:
                    pipe_rpc.list()
        """
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["*- The endpoint has ended. *Its exit status is -9. A test that ends its server says so by close()."]
    )


def test_what_a_server_says_on_stderr_fails_the_test_and_so_does_its_status(run_tests: RunTests) -> None:
    result = run_tests(
        f"""
        import pytest

        TALKS = ["sh", "-c", 'echo "all is lost" >&2; exec "$0" -m pipe_rpc', {sys.executable!r}]
        FAILS = ["sh", "-c", '"$0" -m pipe_rpc; exit 3', {sys.executable!r}]

        @pytest.mark.pipe_rpc(command=TALKS)
        def test_talkative(pipe_rpc):
            pass

        @pytest.mark.pipe_rpc(command=FAILS)
        def test_failing(pipe_rpc):
            pass
        """
    )
    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(
        [
            "*- the server said on its stderr: all is lost",
            "*- the server ended with status 3. A test that ends its server says so by close().",
        ],
        consecutive=False,
    )


def test_a_failed_test_shows_its_conversations_and_not_what_it_left_behind(run_tests: RunTests) -> None:
    result = run_tests(
        """
        def test_failing(pipe_rpc, start_pipe_rpc):
            other = start_pipe_rpc(client_name="another")
            pipe_rpc.spawn(["sleep", "60"], env={"TOKEN": "very-" + "secret", "GONE": None})
            other.run(["echo", "hello"])
            assert False
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*pipe_rpc conversation 1*",
            '*→ #1 initialize {"capabilities": {}, "clientInfo": {"name": "pytest"}*',
            '*→ #2 session/spawn {"argv": [[]"sleep", "60"], "env": {"TOKEN": "…", "GONE": null}}',
            '*← #2 session/spawn {"sessionId": *',
            "*pipe_rpc conversation 2*",
            '*→ #1 initialize {"capabilities": {}, "clientInfo": {"name": "another"}*',
            '*← #2 session/run {"sessionId": *hello*',
        ]
    )
    result.stdout.no_fnmatch_line("*left something behind*")
    result.stdout.no_fnmatch_line("*very-secret*")


def test_a_long_conversation_shows_its_end(run_tests: RunTests) -> None:
    result = run_tests(
        f"""
        def test_failing(pipe_rpc):
            for _ in range({LAST_MESSAGES}):
                pipe_rpc.list()
            assert False
        """
    )
    # Of the handshake there are three messages, and two of each list.
    result.stdout.fnmatch_lines([f"… {LAST_MESSAGES + 3} earlier messages …"])
    result.stdout.no_fnmatch_line("*initialize*")


def test_marks_give_options_and_the_nearest_has_the_last_word(run_tests: RunTests) -> None:
    result = run_tests(
        """
        import pytest

        @pytest.mark.pipe_rpc(originator="class", encoding="utf-8")
        class TestMarks:
            @pytest.mark.pipe_rpc(originator="function")
            def test_near(self, pipe_rpc):
                session = pipe_rpc.spawn(["printf", r"\\377"])
                assert session.info().originator == "function"
                assert session.stdout.text() == "\\ufffd"
                session.wait()
        """
    )
    result.assert_outcomes(passed=1)


def test_a_test_may_listen_itself_and_options_have_names(run_tests: RunTests) -> None:
    result = run_tests(
        """
        import pytest

        heard = []

        @pytest.mark.pipe_rpc(on_message=lambda sender, message: heard.append((sender, message.get("method"))))
        def test_listening(pipe_rpc):
            assert heard[0] == ("client", "initialize")
            assert False

        @pytest.mark.pipe_rpc("utf-8")
        def test_positional(pipe_rpc):
            pass
        """
    )
    result.assert_outcomes(failed=1, errors=1)
    result.stdout.fnmatch_lines(["*takes options by name*", "*pipe_rpc conversation 1*", "*→ #1 initialize *"])


def test_of_much_that_is_left_behind_the_first_ten_are_told(run_tests: RunTests) -> None:
    result = run_tests(
        """
        def test_forgetful(pipe_rpc):
            for _ in range(13):
                pipe_rpc.spawn(["sleep", "60"])
        """
    )
    result.stdout.fnmatch_lines(["*- session * (sleep 60) is running*", "*- and 3 more"])


def test_a_server_that_cannot_be_started_is_an_error_of_the_test(run_tests: RunTests) -> None:
    result = run_tests(
        """
        import pytest

        @pytest.mark.pipe_rpc(command=["/nonexistent/server"])
        def test_nothing(pipe_rpc):
            pass

        @pytest.mark.pipe_rpc(command=["sh", "-c", "echo no server >&2; exit 1"])
        def test_mute(pipe_rpc):
            pass
        """
    )
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*FileNotFoundError*", "*EndpointGone*no server*"])


def test_sessions_get_a_moment_and_not_more(run_tests: RunTests) -> None:
    started = time.monotonic()
    result = run_tests(
        f"""
        def test_slow_end(pipe_rpc):
            pipe_rpc.spawn(["sleep", "{SETTLE_S / 4}"])
        """
    )
    result.assert_outcomes(passed=1)
    assert time.monotonic() > started + SETTLE_S / 4


def test_the_plugin_costs_runs_without_servers_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing_was_imported():
            imported = {name for name in sys.modules if name.startswith("pipe_rpc")}
            assert imported == {"pipe_rpc", "pipe_rpc.pytest_plugin"}
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:asyncio", "-p", "no:randomly", "--strict-markers")
    result.assert_outcomes(passed=1)
