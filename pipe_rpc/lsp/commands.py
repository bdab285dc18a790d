"""What the commands do: plain functions that are answered in the turn that reads them.

Rules of this file: each command can be given no arguments, since pickers have none to give, and then does what a person
means by it, or says what it needs.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pipe_rpc.lsp.compiled_matchers import CompiledMatchers
from pipe_rpc.lsp.job_problems import JobProblems
from pipe_rpc.lsp.jobs import Jobs
from pipe_rpc.protocol.problems import invalid_params

_MATCHER = "problemMatcher"
_USAGE = (
    'must be a shell line ["make -j2"], an argv ["make", "-j2"] or [["make"]], or the params of session/spawn '
    '[{"argv": ["make", "-j2"]}]'
)


class JobCommands:
    """The commands over the jobs of one connection; ``call_method`` runs a method of ours, or raises PipeRpcError."""

    def __init__(
        self, jobs: Jobs, problems: JobProblems, call_method: Callable[[str, Any], Any], default_matchers: Any
    ) -> None:
        self._jobs = jobs
        self._problems = problems
        self._default_matchers = default_matchers
        self._call_method = call_method
        self._last: Mapping[str, Any] | None = None
        """What the last job was spawned by."""

    def by_name(self) -> Mapping[str, Callable[..., Any]]:
        """Each command of the method table, and what answers it."""
        return {
            "pipe-rpc.run": self._run,
            "pipe-rpc.rerunLast": self._rerun_last,
            "pipe-rpc.list": self._list,
            "pipe-rpc.terminate": self._terminate,
            "pipe-rpc.terminateAll": self._terminate_all,
        }

    def _run(self, *arguments: Any) -> Any:
        match arguments:
            case [dict() as params]:
                return self._start({"attach": [], **params})
            case [str() as line]:
                return self._start({"argv": ["/bin/sh", "-c", line], "command": line, "attach": []})
            case [list() as argv]:
                return self._start({"argv": argv, "attach": []})
            case [_, *_]:
                return self._start({"argv": list(arguments), "attach": []})
            case _ if self._last is not None:
                return self._start(self._last)
            case _:
                raise invalid_params([("params.arguments", f"{_USAGE}; it may be empty once there was a job")])

    def _rerun_last(self, *arguments: Any) -> Any:
        _require_none(arguments)
        if self._last is None:
            problem = "there is no last job yet: start one with pipe-rpc.run"
            raise invalid_params([("params.command", problem)])
        return self._start(self._last)

    def _start(self, spawn: Mapping[str, Any]) -> Any:
        info = self._jobs.start(
            {name: value for name, value in spawn.items() if name != _MATCHER}, self._matchers(spawn.get(_MATCHER))
        )
        # An id of the client's means one session: with it the next run would find this one.
        self._last = {name: value for name, value in spawn.items() if name != "sessionId"}
        return info

    def _matchers(self, chosen: Any) -> CompiledMatchers | None:
        if chosen is not None:
            return self._problems.compile(chosen, f"params.{_MATCHER}")
        if self._default_matchers is not None:
            return self._problems.compile(self._default_matchers, f"params.initializationOptions.{_MATCHER}")
        return None

    def _list(self, *arguments: Any) -> Any:
        _require_none(arguments)
        return self._call_method("session/list", None)

    def _terminate(self, *session_ids: Any) -> Any:
        chosen = session_ids or self._jobs.running()
        for session_id in chosen:
            self._call_method("session/terminate", {"sessionId": session_id})
        return {"terminated": len(chosen)}

    def _terminate_all(self, *arguments: Any) -> Any:
        _require_none(arguments)
        return self._terminate()


def _require_none(arguments: tuple[Any, ...]) -> None:
    if arguments:
        raise invalid_params([("params.arguments", "must be empty")])
