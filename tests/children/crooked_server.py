"""A pipe-rpc that is wrong in one way: crooked_server.py FAULT. What it says is a real server's, but for that."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

Message = dict[str, Any]
Messages = Iterator[Message]
Faulty = Iterator[Message | bytes]


def is_told(message: Message, method: str) -> bool:
    return message.get("method") == method


def wrong_member(messages: Messages) -> Faulty:
    for message in messages:
        if is_told(message, "session/exited"):
            message["params"]["exitCode"] = 4
        yield message


def extra_member(messages: Messages) -> Faulty:
    for message in messages:
        if is_told(message, "session/exited"):
            message["params"]["mood"] = "fine"
        yield message


def missing_member(messages: Messages) -> Faulty:
    for message in messages:
        if is_told(message, "session/exited"):
            del message["params"]["outcome"]
        yield message


def wrong_output(messages: Messages) -> Faulty:
    for message in messages:
        if is_told(message, "session/output"):
            message["params"]["data"] = message["params"]["data"].replace("second", "wrong ")
        yield message


def repeated_output(messages: Messages) -> Faulty:
    for message in messages:
        yield message
        if is_told(message, "session/output"):
            yield message


def lost_output(messages: Messages) -> Faulty:
    return (message for message in messages if not is_told(message, "session/output"))


def exit_before_output(messages: Messages) -> Faulty:
    held: list[Message] = []
    for message in messages:
        if is_told(message, "session/output"):
            held.append(message)
            continue
        yield message
        if is_told(message, "session/exited"):
            yield from held


def closed_before_exited(messages: Messages) -> Faulty:
    held: list[Message] = []
    for message in messages:
        if is_told(message, "session/exited"):
            held.append(message)
            continue
        yield message
        if is_told(message, "session/closed"):
            yield from held


def late_answer_to_spawn(messages: Messages) -> Faulty:
    held: list[Message] = []
    for message in messages:
        if "sessionId" in (message.get("result") or {}):
            held.append(message)
            continue
        yield message
        yield from held
        held.clear()


def another_session(messages: Messages) -> Faulty:
    for message in messages:
        if is_told(message, "session/closed"):
            message["params"]["sessionId"] = "pipe-0000000000000000-00000001"
        yield message


def extra_notification(messages: Messages) -> Faulty:
    for message in messages:
        if message.get("result", "") is None:
            yield {"jsonrpc": "2.0", "method": "session/closed", "params": {"sessionId": "another"}}
        yield message


def words_at_the_end(messages: Messages) -> Faulty:
    yield from messages
    yield {"jsonrpc": "2.0", "method": "window/logMessage", "params": {"type": 3, "message": "bye"}}


def never_answers(messages: Messages) -> Faulty:
    yield next(messages)
    while True:
        signal.pause()


def dies(messages: Messages) -> Faulty:
    yield next(messages)
    sys.stderr.write("Traceback:\nValueError: a \x1b[31mbad\x1b[0m day\n")
    sys.stderr.flush()
    os.kill(os.getpid(), signal.SIGTERM)


def garbage(messages: Messages) -> Faulty:
    yield next(messages)
    yield b"print() was here\r\n\r\n"
    yield from messages


def no_json(messages: Messages) -> Faulty:
    yield next(messages)
    yield b"Content-Length: 4\r\n\r\n{no}"
    yield from messages


def no_object(messages: Messages) -> Faulty:
    yield next(messages)
    yield b"Content-Length: 4\r\n\r\nnull"
    yield from messages


def other_status(messages: Messages) -> Faulty:
    yield from messages
    sys.stdout.flush()
    os._exit(9)


def will_not_end(messages: Messages) -> Faulty:
    yield from messages
    while True:
        signal.pause()


FAULTS: dict[str, Callable[[Messages], Faulty]] = {
    each.__name__: each
    for each in (
        wrong_member,
        extra_member,
        missing_member,
        wrong_output,
        repeated_output,
        lost_output,
        exit_before_output,
        closed_before_exited,
        late_answer_to_spawn,
        another_session,
        extra_notification,
        words_at_the_end,
        never_answers,
        dies,
        garbage,
        no_json,
        no_object,
        other_status,
        will_not_end,
    )
}


def told_by(server: subprocess.Popen[bytes]) -> Messages:
    assert server.stdout is not None
    while header := server.stdout.readline():
        server.stdout.readline()
        yield json.loads(server.stdout.read(int(header.split(b":")[1])))


def main() -> int:
    with subprocess.Popen([sys.executable, "-m", "pipe_rpc", "--no-guard"], stdout=subprocess.PIPE) as server:

        def leave(*_: object) -> None:
            """End, and leave nothing behind."""
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            server.terminate()
            server.wait()
            os._exit(7)

        signal.signal(signal.SIGTERM, leave)
        for each in FAULTS[sys.argv[1]](told_by(server)):
            frame = each
            if not isinstance(frame, bytes):
                body = json.dumps(frame).encode()
                frame = b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
            sys.stdout.buffer.write(frame)
            sys.stdout.buffer.flush()
    return server.returncode


if __name__ == "__main__":
    sys.exit(main())
