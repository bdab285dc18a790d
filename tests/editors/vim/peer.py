"""A server that does what no pipe-rpc does, for the tests of the connection: each method is a habit."""

import json
import os
import sys
from typing import Any

from tests.support.frames import encode_frame, take_frame

unread = bytearray()


def receive() -> dict[str, Any]:
    while (message := take_frame(unread)) is None:
        data = os.read(0, 65536)
        if not data:
            sys.exit()
        unread.extend(data)
    assert isinstance(message, dict)
    return message


def send(message: dict[str, Any], pieces: int = 65536) -> None:
    frame = encode_frame({"jsonrpc": "2.0", **message})
    for at in range(0, len(frame), pieces):
        rest = frame[at : at + pieces]
        while rest:
            rest = rest[os.write(1, rest) :]


while True:
    match receive():
        case {"method": "echo", "id": number, "params": params}:
            send({"id": number, "result": params})
        case {"method": "byte by byte", "id": number}:
            send({"id": number, "result": "caf\u00e9 \U0001f600"}, pieces=1)
        case {"method": "large", "id": number, "params": size}:
            send({"id": number, "result": "x" * size})
        case {"method": "refuse", "id": number}:
            send({"id": number, "error": {"code": 1001, "message": "no", "data": {"kind": "SessionNotFound"}}})
        case {"method": "complain"}:
            send({"id": None, "error": {"code": -32700, "message": "no JSON"}})
        case {"method": "ask", "id": number}:
            send({"id": "text", "method": "workspace/ask", "params": {}})
            send({"id": 7, "method": "workspace/ask"})
            send({"id": number, "result": [receive(), receive()]})
        case {"method": "junk", "params": text}:
            os.write(1, text.encode())
        case {"method": "body", "params": text}:
            os.write(1, f"Content-Length: {len(text)}\r\n\r\n{text}".encode())
        case {"method": "exit", "params": status}:
            print("a last word", file=sys.stderr)
            sys.exit(status)
        case other:
            raise AssertionError(json.dumps(other))
