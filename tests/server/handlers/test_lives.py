"""pipe_rpc/server/handlers/lives.py: spawn, signal, terminate, wait."""

import errno
import os
import signal
from pathlib import Path
from typing import Any, NoReturn

import pytest

from pipe_rpc.child.resource_limits import RESOURCES, highest_limit
from tests.server.conftest import MakeBench
from tests.server.harness import Bench, error_kind, sent
from tests.session.harness import TERMINATED


def problem(error: dict[str, Any]) -> tuple[str, str]:
    assert error["code"] == -32602, error
    (only,) = error["data"]["problems"]
    return only["path"], only["problem"]


class TestSpawn:
    def test_the_defaults_are_those_of_the_connection(self, make_bench: MakeBench) -> None:
        bench = make_bench()
        bench.initialize(clientInfo={"name": "editor"}, initializationOptions={"encoding": "base64", "graceMs": 500})
        session_id, child = bench.spawn(["true"])
        description = bench.registry.get(session_id).description
        assert (description.originator, description.encoding.value, description.grace_s) == ("editor", "base64", 0.5)
        assert description.backlog_bytes == bench.limits.default_backlog_bytes
        assert description.timeout_s is None
        assert child in bench.children

    def test_everything_that_is_asked_for_reaches_the_child_and_the_session(self, bench: Bench) -> None:
        session_id, _ = bench.spawn(
            ["prog", ""],
            cwd="/tmp",
            env={"A-B": "1", "jsonrpc": "2.0"},
            inheritEnv=False,
            originator="me",
            command="shown",
            mergeStderr=True,
            stdin="null",
            attach=[],
            encoding="auto",
            overflow="dropOldest",
            backlogBytes=2048,
            timeoutMs=1500,
            graceMs=0,
        )
        (spec,) = bench.specs
        assert spec.argv == ("prog", "")
        assert spec.cwd == "/tmp"
        assert spec.env == {"A-B": "1", "jsonrpc": "2.0"}
        assert spec.merge_stderr is True
        assert spec.stdin_pipe is False
        description = bench.registry.get(session_id).description
        assert description.originator == "me"
        assert description.command == "shown"
        assert (description.encoding.value, description.overflow.value) == ("auto", "dropOldest")
        assert (description.backlog_bytes, description.timeout_s, description.grace_s) == (2048, 1.5, 0.0)
        assert not bench.result("session/info", {"sessionId": session_id})["stdout"]["attached"]

    def test_the_environment_is_laid_over_the_inherited_one_and_null_removes(self, bench: Bench) -> None:
        bench.spawn(env={"MORE": "1"})
        bench.spawn(env={"INHERITED": None})
        bench.spawn(env={"INHERITED": "other"})
        assert [spec.env for spec in bench.specs] == [
            {"INHERITED": "yes", "MORE": "1"},
            {},
            {"INHERITED": "other"},
        ]

    def test_of_the_inherited_environment_the_minimum_may_be_asked_for(self, bench: Bench) -> None:
        bench.spawn(inheritEnv="minimal", env={"A": "1"})
        bench.spawn(inheritEnv="minimal")
        assert [spec.env for spec in bench.specs] == [{"A": "1"}, {}]

    def test_a_file_is_laid_over_the_inherited_environment_and_under_env(self, bench: Bench, tmp_path: Path) -> None:
        file = tmp_path / "some.env"
        file.write_text("INHERITED=file\nA=file\nB=file\nC=file")
        bench.spawn(envFile=str(file), env={"A": "env", "B": None})
        bench.spawn(envFile=str(file), inheritEnv=False)
        assert [spec.env for spec in bench.specs] == [
            {"INHERITED": "file", "A": "env", "C": "file"},
            {"INHERITED": "file", "A": "file", "B": "file", "C": "file"},
        ]

    def test_a_file_that_the_system_has_no_room_to_read_is_no_wrong_parameter(
        self, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> NoReturn:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

        file = tmp_path / "some.env"
        file.write_text("A=1")
        bench.spawn(envFile=str(file))
        with monkeypatch.context() as patch:
            patch.setattr(os, "open", refuse)
            error = bench.refusal("session/spawn", {"argv": ["a"], "envFile": str(file)})
        assert (error["data"]["kind"], error["data"]["stage"]) == ("SpawnFailed", "fork")
        assert error["data"]["errno"] == "EMFILE"
        assert len(bench.specs) == 1

    def test_limits_reach_the_child(self, bench: Bench) -> None:
        bench.spawn(rlimits={"cpu": 5, "as": 1 << 40}, nice=7)
        bench.spawn(rlimits={}, nice=0)
        assert [(spec.rlimits, spec.nice) for spec in bench.specs] == [((("cpu", 5), ("as", 1 << 40)), 7), ((), 0)]

    def test_a_limit_may_be_the_highest_that_there_is(self, bench: Bench) -> None:
        highest = {name: highest_limit(name) for name in RESOURCES}
        bench.spawn(rlimits=highest)
        assert dict(bench.specs[0].rlimits) == highest

    def test_a_stream_that_is_named_twice_is_attached_once(self, bench: Bench) -> None:
        session_id, _ = bench.spawn(attach=["stderr", "stderr"])
        info = bench.result("session/info", {"sessionId": session_id})
        assert info["stderr"]["attachmentId"] == "attachment-00000001"
        assert not info["stdout"]["attached"]

    @pytest.mark.parametrize(
        ("params", "path"),
        [
            ({"argv": [""]}, "params.argv[0]"),
            ({"argv": ["a"], "cwd": ""}, "params.cwd"),
            ({"argv": ["a"], "envFile": ""}, "params.envFile"),
            ({"argv": ["a"], "envFile": "relative"}, "params.envFile"),
            ({"argv": ["a"], "envFile": "/no/such/file"}, "params.envFile"),
            ({"argv": ["a"], "rlimits": {"core": 1 << 63}}, "params.rlimits.core"),
            ({"argv": ["a"], "backlogBytes": 1023}, "params.backlogBytes"),
            ({"argv": ["a"], "backlogBytes": 64 * 1024 * 1024 + 1}, "params.backlogBytes"),
            ({"argv": ["a"], "backlogBytes": 2**70}, "params.backlogBytes"),
        ],
    )
    def test_what_cannot_be_is_refused_and_nothing_is_started(
        self, bench: Bench, params: dict[str, Any], path: str
    ) -> None:
        found, why = problem(bench.refusal("session/spawn", params))
        assert found == path
        assert why.startswith("must ")
        assert bench.children == []

    @pytest.mark.parametrize("backlog", [1024, 64 * 1024 * 1024])
    def test_the_bounds_of_the_backlog_are_within_it(self, bench: Bench, backlog: int) -> None:
        bench.spawn(backlogBytes=backlog)

    @pytest.mark.parametrize("grace", [3_600_001, 1e308, 2**70])
    def test_a_grace_counts_as_far_as_the_limit(self, bench: Bench, grace: float) -> None:
        session_id, _ = bench.spawn(graceMs=grace)
        assert bench.registry.get(session_id).description.grace_s == 3600.0

    def test_a_merged_stderr_cannot_be_attached_to(self, bench: Bench) -> None:
        answer = bench.request("session/spawn", {"argv": ["a"], "mergeStderr": True, "attach": ["stderr"]})
        assert error_kind(answer) == "StreamUnavailable"
        assert bench.children == []


class TestSignal:
    @pytest.mark.parametrize("name", ["SIGINT", "SIGKILL", "SIGUSR1", "SIGWINCH"])
    def test_a_signal_goes_to_the_group(self, bench: Bench, name: str) -> None:
        session_id, child = bench.spawn()
        assert bench.result("session/signal", {"sessionId": session_id, "signal": name}) == {}
        assert sent(child) == [signal.Signals[name]]

    @pytest.mark.parametrize("name", ["", "INT", "sigint", "2", "SIG_DFL", "SIGNOPE", "__class__", "SIGINT\0"])
    def test_what_is_no_name_of_a_signal_is_refused(self, bench: Bench, name: str) -> None:
        session_id, child = bench.spawn()
        path, why = problem(bench.refusal("session/signal", {"sessionId": session_id, "signal": name}))
        assert path == "params.signal"
        assert "SIGINT" in why
        assert sent(child) == []

    def test_the_session_is_looked_for_before_the_signal(self, bench: Bench) -> None:
        assert error_kind(bench.request("session/signal", {"sessionId": "x", "signal": "?"})) == "SessionNotFound"

    def test_nobody_left_to_signal_is_told(self, bench: Bench) -> None:
        session_id, child = bench.spawn()
        bench.exit(child)
        error = bench.refusal("session/signal", {"sessionId": session_id, "signal": "SIGINT"})
        assert (error["data"]["kind"], error["data"]["errno"]) == ("SignalFailed", "ESRCH")


class TestTerminate:
    def test_without_a_grace_the_session_has_its_own(self, bench: Bench) -> None:
        session_id, child = bench.spawn(graceMs=5000)
        bench.result("session/terminate", {"sessionId": session_id})
        bench.loop.advance(4.99)
        assert signal.SIGKILL not in sent(child)
        bench.loop.advance(0.02)
        assert sent(child) == [signal.SIGTERM, signal.SIGCONT, signal.SIGKILL]

    def test_grace_0_kills_at_once(self, bench: Bench) -> None:
        session_id, child = bench.spawn()
        assert bench.result("session/terminate", {"sessionId": session_id, "graceMs": 0}) == {}
        assert sent(child) == [signal.SIGKILL]

    def test_the_earlier_deadline_holds(self, bench: Bench) -> None:
        session_id, child = bench.spawn()
        for grace_ms in (5000, 1000, 9000):
            bench.result("session/terminate", {"sessionId": session_id, "graceMs": grace_ms})
        bench.loop.advance(1.0)
        assert sent(child) == [signal.SIGTERM, signal.SIGCONT, signal.SIGKILL]

    def test_all_of_one_originator_and_age_are_terminated_and_counted(self, bench: Bench) -> None:
        _, old = bench.spawn(originator="me")
        _, other = bench.spawn(originator="you")
        bench.loop.advance(10)
        _, young = bench.spawn(originator="me")
        counts = [
            bench.result("session/terminateAll", params)["terminated"]
            for params in (
                {"originator": "nobody"},
                {"originator": "me", "olderThanMs": 10_000, "graceMs": 0},
                {"olderThanMs": 10_000.5},
            )
        ]
        assert counts == [0, 1, 0]
        assert sent(old) == [signal.SIGKILL]
        assert sent(other) == sent(young) == []
        assert bench.result("session/terminateAll") == {"terminated": 3}


class TestWait:
    def test_it_is_answered_at_once_where_the_end_was_told(self, bench: Bench) -> None:
        session_id, child = bench.spawn()
        bench.exit(child, TERMINATED)
        bench.take()
        for until in ("exited", "closed"):
            result = bench.result("session/wait", {"sessionId": session_id, "until": until})
            assert result["exit"]["signal"] == "SIGTERM"

    def test_time_0_asks_only(self, bench: Bench) -> None:
        session_id, child = bench.spawn()
        params = {"sessionId": session_id, "timeoutMs": 0}
        assert bench.result("session/wait", params) == {"exit": None}
        bench.exit(child, close=False)
        bench.take()
        assert bench.result("session/wait", params)["exit"]["exitCode"] == 0
        assert bench.result("session/wait", {**params, "until": "closed"}) == {"exit": None}

    def test_null_means_that_the_time_ran_out(self, bench: Bench) -> None:
        session_id, _ = bench.spawn()
        waiting = bench.start("session/wait", {"sessionId": session_id, "timeoutMs": 1500})
        bench.loop.advance(1.499)
        assert bench.answer_or_none(waiting) is None
        bench.loop.advance(0.001)
        assert bench.answer(waiting)["result"] == {"exit": None}

    def test_closed_is_waited_for_behind_the_exit(self, bench: Bench) -> None:
        session_id, child = bench.spawn()
        waiting = bench.start("session/wait", {"sessionId": session_id, "until": "closed"})
        bench.exit(child, close=False)
        assert bench.answer_or_none(waiting) is None
        child.close()
        assert bench.answer(waiting)["result"]["exit"]["exitCode"] == 0

    def test_a_removal_answers_with_the_result_where_it_is_known_by_then(self, bench: Bench) -> None:
        session_id, child = bench.spawn()
        exited = bench.start("session/wait", {"sessionId": session_id})
        closed = bench.start("session/wait", {"sessionId": session_id, "until": "closed"})
        child.write(next(iter(bench.registry.get(session_id).streams)), b"never delivered" * 9000)
        bench.exits.report(child)
        bench.wires.send(
            {"jsonrpc": "2.0", "id": "remove", "method": "session/remove", "params": {"sessionId": session_id}}
        )
        bench.received = bench.take()
        assert bench.answer(exited)["result"]["exit"]["exitCode"] == 0
        answer = bench.answer(closed)
        assert "result" in answer or error_kind(answer) == "SessionNotFound"
        assert bench.answer("remove")["result"] == {}

    def test_the_table_of_waiting_requests_has_an_end(self, make_bench: MakeBench) -> None:
        bench = make_bench(max_pending_requests=2)
        bench.initialize()
        session_id, _ = bench.spawn()
        first = bench.start("session/wait", {"sessionId": session_id})
        bench.start("session/wait", {"sessionId": session_id})
        error = bench.refusal("session/wait", {"sessionId": session_id})
        assert error["data"] == {"kind": "LimitExceeded", "limit": "maxPendingRequests", "value": 2}
        assert bench.result("session/wait", {"sessionId": session_id, "timeoutMs": 0}) == {"exit": None}
        bench.notify("$/cancelRequest", {"id": first})
        bench.start("session/wait", {"sessionId": session_id})


@pytest.mark.parametrize("name", ["command", "originator"])
def test_a_label_is_at_most_as_long_as_it_may_be(make_bench: MakeBench, name: str) -> None:
    bench = make_bench(max_label_characters=5)
    bench.initialize()
    error = bench.refusal("session/spawn", {"argv": ["fake"], name: "é" * 6})
    assert error["code"] == -32602
    problems = error["data"]["problems"]
    assert problems == [{"path": f"params.{name}", "problem": "must be at most 5 characters long"}]
    assert bench.children == []
    session_id = bench.result("session/spawn", {"argv": ["fake"], name: "é" * 5})["sessionId"]
    assert bench.result("session/info", {"sessionId": session_id})[name] == "é" * 5
