"""pipe-rpc's own wire contract, which the naive servers speak too."""

import base64
from typing import Any

import orjson

from .deadline import WrongResultError
from .fast_client import frame, method_of, offset_of, raw_length_of, session_id_of
from .rival import Encoding
from .wire import Answer, Event, Exited, Output, Session, Wire


class ContractWire(Wire):
    """Framed JSON-RPC 2.0."""

    def greeting(self, request_id: int) -> bytes:
        return _request(request_id, "initialize", {"processId": None, "rootUri": None, "capabilities": {}})

    def greeted(self) -> bytes:
        return frame({"jsonrpc": "2.0", "method": "initialized", "params": {}})

    def spawn(self, request_id: int, argv: list[str], encoding: Encoding | None = None) -> bytes:
        params: dict[str, Any] = {"argv": argv}
        return _request(request_id, "session/spawn", params if encoding is None else params | {"encoding": encoding})

    def write(self, request_id: int, session: Session, data: bytes) -> bytes:
        return _request(request_id, "session/write", {"sessionId": session, "data": data.decode()})

    def ask(self, request_id: int, session: Session) -> bytes:
        return _request(request_id, "session/info", {"sessionId": session})

    def next_event(self) -> Event:
        while True:
            body = self._client.next_body()
            method = method_of(body)
            if method is None:
                return Answer(body)
            if method == b"session/output":
                return Output(session_id_of(body).decode(), raw_length_of(body), body)
            if method == b"session/exited":
                params = orjson.loads(body)["params"]
                return Exited(params["sessionId"], params["exitCode"])

    def result_of(self, answer: Answer) -> tuple[int, Any]:
        message = orjson.loads(answer.raw)
        if "error" in message:
            raise WrongResultError(f"error {message['error'].get('code')}: {message['error'].get('message')}")
        return message["id"], message["result"]

    def session_of(self, result: Any) -> Session | None:
        session: str = result["sessionId"]
        return session

    def bytes_of(self, output: Output, encoding: Encoding | None = None) -> bytes:
        params = orjson.loads(output.raw)["params"]
        if encoding not in (None, params["encoding"]):
            raise WrongResultError(f"{params['encoding']} where {encoding} was asked for")
        data: str = params["data"]
        return base64.b64decode(data) if params["encoding"] == "base64" else data.encode()

    def text_of(self, output: Output) -> str | bytes:
        params = orjson.loads(output.raw)["params"]
        data: str = params["data"]
        return base64.b64decode(data) if params["encoding"] == "base64" else data

    def offset_of(self, output: Output) -> int | None:
        return offset_of(output.raw)


def _request(request_id: int, method: str, params: dict[str, Any]) -> bytes:
    return frame({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params})
