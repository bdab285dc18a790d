"""Which messages of a server keep their order, and which may overtake each other.

Rules of this file: only what the contract promises is an order. A message *keeps* lanes and *follows* lanes: it comes
behind every message before it in the recording that keeps a lane which it follows. All is said in the words of the
recording, whose placeholders are names as good as any.

| message | comes behind |
|---|---|
| the answer to a request | the request |
| that to `session/detach` | also the output of the stream |
| that to `session/remove` | also everything of the session |
| any notification of a session | the answer to its spawn |
| `session/output`, `session/detached` | output, ends and beginnings of attachments of the same stream |
| `session/exited` | the output of both streams |
| `session/closed` | everything of the session |
| reports of a progress, and any other notification | the earlier ones with the same token, or method |
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pipe_rpc.conversation.recording import ClientLine, Line, ServerLine

Lane = tuple[str, ...]


class Place(NamedTuple):
    """Where a server message stands among the others; ``request`` is the index of the line that it answers."""

    keeps: frozenset[Lane]
    follows: frozenset[Lane]
    request: int | None = None


def places(lines: Sequence[Line]) -> dict[int, Place]:
    """The place of each server message, by the index of its line."""
    found: dict[int, Place] = {}
    requests: dict[str, int] = {}
    latest = None
    for index, line in enumerate(lines):
        if isinstance(line, ServerLine):
            message = line.message
            if "method" in message:
                keeps, follows = _of_notification(message)
                found[index] = Place(frozenset(keeps), frozenset(follows))
            else:
                asked = requests.get(_id_key(message.get("id")), latest)
                found[index] = _of_answer(message, lines, asked)
        else:
            latest = index
            if isinstance(line, ClientLine) and type(line.message) is dict and "method" in line.message:
                requests[_id_key(line.message.get("id"))] = index
    return found


def stream_of(message: dict[str, Any]) -> tuple[Any, Any]:
    """The session and the stream that a message is about, each None where it is about none."""
    params = message.get("params")
    return (params.get("sessionId"), params.get("stream")) if type(params) is dict else (None, None)


def token_of(message: dict[str, Any]) -> Any:
    """The token of a progress."""
    params = message.get("params")
    return params.get("token") if type(params) is dict else None


def _of_notification(message: dict[str, Any]) -> tuple[set[Lane], set[Lane]]:
    method = str(message["method"])
    session, stream = map(str, stream_of(message))
    started, everything, bytes_ = ("started", session), ("session", session), ("bytes", session)
    one, ends = ("stream", session, stream), ("ends", session, stream)
    match method:
        case "session/output":
            return {everything, bytes_, one}, {started, one, ends}
        case "session/detached":
            return {everything, ends}, {started, one, ends}
        case "session/exited":
            return {everything}, {started, bytes_}
        case "session/closed":
            return {everything}, {started, everything}
        case _ if session != "None":
            return {everything, ("method", session, method)}, {started, ("method", session, method)}
        case _:
            token = token_of(message)
            lane = ("method", method) if token is None else ("progress", str(token))
            return {lane}, {lane}


def _of_answer(message: dict[str, Any], lines: Sequence[Line], asked: int | None) -> Place:
    answers = ("answers", _id_key(message.get("id")))
    keeps: set[Lane] = {answers}
    follows: set[Lane] = {answers}
    line = None if asked is None else lines[asked]
    request = line.message if isinstance(line, ClientLine) and type(line.message) is dict else {}
    session, stream = map(str, stream_of(request))
    result = message.get("result")
    match request.get("method"):
        case "session/spawn" | "workspace/executeCommand" if type(result) is dict and "sessionId" in result:
            keeps.add(("started", str(result["sessionId"])))
        case "session/attach":
            keeps.add(("ends", session, stream))
        case "session/detach":
            keeps.add(("ends", session, stream))
            follows.add(("stream", session, stream))
        case "session/remove":
            follows.add(("session", session))
        case _:
            pass
    return Place(frozenset(keeps), frozenset(follows), asked)


def _id_key(value: Any) -> str:
    """A text for each id, also for what can be none."""
    return repr(value)
