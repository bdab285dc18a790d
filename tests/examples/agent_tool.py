"""A tool for an agent that calls functions: run a command, read what it says, write to it, and end it.

Give ``FUNCTIONS`` to the model, and each of its calls to ``AgentTool.call``; what comes back is JSON. One endpoint
serves the whole conversation, and nothing that the agent started outlives it.
"""

import json
import sys
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from pipe_rpc.client import CallTimeout, PatternNotFound, PipeRpc, RpcError, Session

_MOST_BYTES = 16_384
"""What a model should read at once."""


def _function(name: str, description: str, **properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """A function as models are told of it; a property without a default is required."""
    required = [each for each, schema in properties.items() if "default" not in schema]
    parameters = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return {"name": name, "description": description, "parameters": parameters}


_ID = {"type": "string", "description": "What run has answered."}
FUNCTIONS = [
    _function(
        "run",
        "Start a command and wait until it has ended, or has said wait_for, or for so many seconds; then it runs on.",
        argv={"type": "array", "items": {"type": "string"}, "description": "The program and its arguments; no shell."},
        wait_for={"type": ["string", "null"], "default": None, "description": "A pattern in RE2's syntax."},
        seconds={"type": "number", "default": 30},
    ),
    _function(
        "read",
        "Read what a command has said since an offset; waits so many seconds where there is nothing new.",
        id=_ID,
        offset={"type": "integer", "default": 0},
        seconds={"type": "number", "default": 0},
    ),
    _function("write", "Write to the stdin of a command.", id=_ID, text={"type": "string"}),
    _function("kill", "End a command and all that it has started.", id=_ID),
]


class AgentTool:
    """Use it in a ``with`` block."""

    def __init__(self) -> None:
        self._rpc = PipeRpc(client_name="agent", grace=2)

    def __enter__(self) -> Self:
        self._rpc.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._rpc.close()

    def call(self, name: str, arguments: str) -> str:
        """What a function answers, as JSON; also what is wrong with the call, since the agent can mend that."""
        functions: Mapping[str, Callable[..., Mapping[str, Any]]]
        functions = {"run": self._run, "read": self._read, "write": self._write, "kill": self._kill}
        try:
            return json.dumps(functions[name](**json.loads(arguments)))
        except (RpcError, KeyError, TypeError, ValueError) as error:
            return json.dumps({"error": str(error)})

    def _run(self, argv: list[str], wait_for: str | None = None, seconds: float = 30) -> Mapping[str, Any]:
        # An agent reads when it likes, so its sessions are not attached: their newest output is kept for it.
        session = self._rpc.spawn(argv, attach=[], merge_stderr=True)
        try:
            if wait_for is None:
                session.wait(timeout=seconds, until="closed")
            else:
                session.wait_for(pattern=wait_for, timeout=seconds)
        except (CallTimeout, PatternNotFound):
            pass  # What it has said, and whether it runs, tells as much.
        return {"id": session.id, **self._state(session, 0)}

    def _read(self, id: str, offset: int = 0, seconds: float = 0) -> Mapping[str, Any]:  # noqa: A002
        return self._state(self._rpc.session(id), offset, seconds)

    def _write(self, id: str, text: str) -> Mapping[str, Any]:  # noqa: A002
        return {"written": self._rpc.session(id).write(text, timeout=10)}

    def _kill(self, id: str) -> Mapping[str, Any]:  # noqa: A002
        session = self._rpc.session(id)
        session.terminate()
        return {"exit_code": session.wait().exit_code}

    def _state(self, session: Session, offset: int, seconds: float = 0) -> Mapping[str, Any]:
        said = session.read(from_offset=offset, wait=seconds, max_bytes=_MOST_BYTES)
        info = session.info()
        return {
            "output": said.raw.decode(errors="replace"),
            "next_offset": said.next_offset,
            "missed_bytes": said.missed_bytes,
            "state": info.state,
            "exit_code": None if info.exit is None else info.exit.exit_code,
        }


def main() -> None:
    """Do what an agent would do: start a server, test it, read its log, stop it."""
    with AgentTool() as tool:

        def call(name: str, **arguments: Any) -> Any:
            answer = tool.call(name, json.dumps(arguments))
            print(f"{name} {arguments} → {answer}")
            return json.loads(answer)

        argv = [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "0"]
        server = call("run", argv=argv, wait_for="Serving HTTP on .*")
        port = server["output"].partition("port ")[2].split()[0]
        script = f"import urllib.request as u; print(u.urlopen('http://127.0.0.1:{port}/').status)"
        call("run", argv=[sys.executable, "-c", script])
        call("read", id=server["id"], offset=server["next_offset"], seconds=10)
        call("kill", id=server["id"])


if __name__ == "__main__":
    main()
