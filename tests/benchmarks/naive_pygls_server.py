"""The obvious process server on pygls and asyncio: the yardstick that pipe-rpc has to beat by a wide margin.

Honest and idiomatic, as its authors' documentation suggests: `LanguageServer.start_io`, `async def` handlers,
`asyncio.create_subprocess_exec`, one task for each stream. It speaks the part of the wire contract that the works need.
"""

import asyncio
import base64
import codecs
import itertools
from typing import Any

from pygls.lsp.server import LanguageServer

CHUNK_BYTES = 65_536

server = LanguageServer("naive-pygls", "1")
sessions: dict[str, asyncio.subprocess.Process] = {}
tasks: set[asyncio.Task[None]] = set()
numbers = itertools.count(1)


class Text:
    """Characters that a chunk begins and the next one ends are whole in the next one."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def encoded(self, chunk: bytes) -> tuple[str, int]:
        held = len(self._decoder.getstate()[0])
        text = self._decoder.decode(chunk)
        return text, held + len(chunk) - len(self._decoder.getstate()[0])


class Base64:
    def encoded(self, chunk: bytes) -> tuple[str, int]:
        return base64.b64encode(chunk).decode(), len(chunk)


async def forward(session_id: str, stream: str, reader: asyncio.StreamReader, encoding: str) -> None:
    coding = Base64() if encoding == "base64" else Text()
    offset = 0
    while chunk := await reader.read(CHUNK_BYTES):
        data, length = coding.encoded(chunk)
        output = {"sessionId": session_id, "stream": stream, "offset": offset, "length": length}
        server.protocol.notify("session/output", output | {"data": data, "encoding": encoding})
        offset += length


async def follow(session_id: str, process: asyncio.subprocess.Process, encoding: str) -> None:
    assert process.stdout is not None
    assert process.stderr is not None
    await asyncio.gather(
        forward(session_id, "stdout", process.stdout, encoding),
        forward(session_id, "stderr", process.stderr, encoding),
    )
    server.protocol.notify("session/exited", {"sessionId": session_id, "exitCode": await process.wait()})


def info_of(session_id: str) -> dict[str, Any]:
    process = sessions[session_id]
    return {"sessionId": session_id, "pid": process.pid, "exitCode": process.returncode}


@server.feature("session/spawn")
async def spawn(params: Any) -> dict[str, Any]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*params.argv, stdin=pipe, stdout=pipe, stderr=pipe)
    session_id = f"naive-{next(numbers)}"
    sessions[session_id] = process
    task = asyncio.create_task(follow(session_id, process, getattr(params, "encoding", "utf-8")))
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return info_of(session_id)


@server.feature("session/write")
async def write(params: Any) -> dict[str, int]:
    stdin = sessions[params.sessionId].stdin
    assert stdin is not None
    data = params.data.encode()
    stdin.write(data)
    await stdin.drain()
    return {"bytesWritten": len(data)}


@server.feature("session/info")
def info(params: Any) -> dict[str, Any]:
    return info_of(params.sessionId)


if __name__ == "__main__":
    server.start_io()
