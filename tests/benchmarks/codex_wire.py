"""The language of `codex exec-server`: a JSON object on each line, without a `jsonrpc` member; output is base64."""

import base64
import itertools
from typing import Any

import orjson

from .deadline import NotOfferedError, WrongResultError
from .fast_client import FastClient
from .rival import Encoding
from .wire import Answer, Closed, Event, Exited, Output, Session, Wire


class CodexWire(Wire):
    """The client names the processes."""

    last = Closed

    def __init__(self, client: FastClient) -> None:
        super().__init__(client)
        self._numbers = itertools.count(1)

    def greeting(self, request_id: int) -> bytes:
        return _line({"id": request_id, "method": "initialize", "params": {"clientName": "benchmark"}})

    def greeted(self) -> bytes:
        return _line({"method": "initialized", "params": {}})

    def spawn(self, request_id: int, argv: list[str], encoding: Encoding | None = None) -> bytes:
        if encoding == "utf-8":
            raise NotOfferedError("output is base64 only")
        params = {
            "processId": f"p{next(self._numbers)}",
            "argv": argv,
            "cwd": "file:///",
            "env": {"PATH": "/usr/local/bin:/usr/bin:/bin"},
            "tty": False,
            "pipeStdin": True,
            "arg0": None,
        }
        return _line({"id": request_id, "method": "process/start", "params": params})

    def write(self, request_id: int, session: Session, data: bytes) -> bytes:
        chunk = base64.b64encode(data).decode()
        params = {"processId": session, "chunk": chunk, "writeId": f"w{request_id}"}
        return _line({"id": request_id, "method": "process/write", "params": params})

    def ask(self, request_id: int, session: Session) -> bytes:
        """Whether there is more than all that there can be: it answers with numbers, and no output."""
        params = {"processId": session, "afterSeq": 2**53, "maxBytes": 1, "waitMs": 0}
        return _line({"id": request_id, "method": "process/read", "params": params})

    def next_event(self) -> Event:
        while True:
            message = orjson.loads(self._client.next_line())
            method = message.get("method")
            if method is None:
                return Answer(message)
            params = message["params"]
            if method == "process/output" and params["stream"] == "stdout":
                chunk = params["chunk"]
                return Output(params["processId"], len(chunk) // 4 * 3 - chunk[-2:].count("="), chunk)
            if method == "process/exited":
                return Exited(params["processId"], params["exitCode"])
            if method == "process/closed":
                return Closed(params["processId"])

    def result_of(self, answer: Answer) -> tuple[int, Any]:
        if "error" in answer.raw:
            raise WrongResultError(f"error {answer.raw['error'].get('code')}: {answer.raw['error'].get('message')}")
        result = answer.raw["result"]
        if result.get("status", "accepted") != "accepted":
            raise WrongResultError(f"a write was answered with {result['status']}")
        return answer.raw["id"], result

    def session_of(self, result: Any) -> Session | None:
        session: str | None = result.get("processId")
        return session

    def bytes_of(self, output: Output, encoding: Encoding | None = None) -> bytes:
        return base64.b64decode(output.raw)


def _line(message: dict[str, Any]) -> bytes:
    return orjson.dumps(message) + b"\n"
