"""The contract for malformed input, as a judge: bytes in, bytes out, and a complaint where they do not belong together.

Rules of this file: it knows of the server only what crossed the wire. Each well-formed request has exactly one answer;
each malformed body has the code and the id of section 1's table; nothing else is said but notifications; -32603 is
never right.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from enum import Enum
from itertools import chain
from typing import Any, NamedTuple

from tests.fuzz.fitting import PARAMS, fits, fits_command, fits_initialize, may_still_be_refused
from tests.fuzz.reading import Frames, Kind, Message, read_body

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
INTERNAL_ERROR, NOT_INITIALIZED, CANCELLED = -32603, -32002, -32800
RESULT = 0
"""Stands among codes for an answer that is no error."""

ONLY_NOTIFICATIONS = frozenset(
    {"initialized", "exit", "$/cancelRequest", "$/setTrace", "window/workDoneProgress/cancel"}
)
OWN_CODES = frozenset(range(1001, 1015))
MAY_WAIT = frozenset(
    {"session/untee", "session/run", "session/wait", "session/waitFor", "session/read", "session/write", "shutdown"}
)
SPAWNS = frozenset({"session/spawn", "session/run", "workspace/executeCommand"})
LARGEST_ERROR_BYTES = 32 * 1024
"""What an error may add to its id: more than a sentence and a path of 4,096 characters, each of them escaped, and much
less than a body that came in."""
TELL_TALES = (b"Traceback", b"site-packages", b"pipe_rpc/", b".py\\", b'.py"', b".py:")
"""What a traceback on the wire would hold."""

Key = tuple[type, Any]


class BrokenContractError(AssertionError):
    """What the server said is not what it must say."""


class Phase(Enum):
    """Where a connection is in its life cycle."""

    NEW = "new"
    READY = "ready"
    SHUT_DOWN = "shut down"


class Expected(NamedTuple):
    """One answer that must come: the codes that are right for it, and whether it may be missing."""

    codes: frozenset[int]
    what: str
    is_optional: bool = False


def judge(frames: Frames, stream: bytes, output: bytes, exit_status: int) -> int:
    """Judge a whole conversation, from a server's start to its end. Returns how many answers were right.

    Raises BrokenContractError.
    """
    for tell_tale in TELL_TALES:
        if tell_tale in output and tell_tale not in stream:
            raise BrokenContractError(f"{tell_tale!r} on the wire")
    answers: dict[Key, list[Any]] = defaultdict(list)
    asked_by_server = set()
    for message in messages_in(output):
        if "method" in message:
            if "id" in message:
                asked_by_server.add(_key(message["id"]))
        else:
            answers[_key(message["id"])].append(message)
    expectation = _Expectation(asked_by_server)
    expected = expectation.of(frames)
    if frames.is_broken and exit_status != 1 and not expectation.may_be_over:
        raise BrokenContractError(f"exit status {exit_status} behind a lost boundary")
    right = 0
    for key in expected.keys() | answers.keys():
        _match(key, expected.get(key, []), answers.get(key, []))
        right += len(answers.get(key, ()))
    return right


def messages_in(output: bytes) -> list[Any]:
    """The messages of an output that must be frames from its first byte to its last."""
    messages = []
    position = 0
    while position < len(output):
        end = output.find(b"\r\n\r\n", position)
        name, _, length = output[position : max(end, position)].partition(b": ")
        if end < 0 or name != b"Content-Length" or not length.isdigit():
            raise BrokenContractError(f"no frame on stdout: {output[position : position + 200]!r}")
        position = end + 4 + int(length)
        body = output[end + 4 : position]
        if len(body) != int(length):
            raise BrokenContractError(f"stdout ends inside a frame: {body[-200:]!r}")
        try:
            message = _JSON.decode(body.decode())
        except ValueError as error:
            raise BrokenContractError(f"no JSON on stdout, {error}: {body[:200]!r}") from None
        if type(message) is not dict or message.get("jsonrpc") != "2.0":
            raise BrokenContractError(f"no JSON-RPC 2.0 on stdout: {body[:200]!r}")
        if "method" not in message:
            _check_shape(message, body)
        messages.append(message)
    return messages


def _check_shape(answer: Any, body: bytes) -> None:
    if answer.keys() == {"jsonrpc", "id", "result"}:
        return
    if answer.keys() != {"jsonrpc", "id", "error"}:
        raise BrokenContractError(f"members of an answer: {body[:200]!r}")
    error = answer["error"]
    if not (type(error.get("code")) is int and type(error.get("message")) is str and error["message"]):
        raise BrokenContractError(f"no JSON-RPC error: {body[:200]!r}")
    data = error.get("data")
    if not (type(data) is dict and type(data.get("kind")) is str):
        raise BrokenContractError(f"an error without data.kind: {body[:200]!r}")
    if error["code"] == INTERNAL_ERROR:
        raise BrokenContractError(f"an internal error: {body[:200]!r}")
    if error["code"] == INVALID_PARAMS:
        problems = data.get("problems")
        if not problems or not all(
            each.keys() == {"path", "problem"} and each["path"].startswith("params") and each["problem"]
            for each in problems
        ):
            raise BrokenContractError(f"wrong params without problems: {body[:200]!r}")
    if len(body) > LARGEST_ERROR_BYTES and len(body) > LARGEST_ERROR_BYTES + len(json.dumps(answer["id"])):
        raise BrokenContractError(f"an error of {len(body)} bytes: {body[:200]!r}")


def _match(key: Key, expected: list[Expected], answers: list[Any]) -> None:
    """Match the answers with one id."""
    needed = sum(not each.is_optional for each in expected)
    if not needed <= len(answers) <= len(expected):
        raise BrokenContractError(
            f"{len(answers)} answers to {key[1]!r}, not {needed} to {len(expected)}: "
            f"{[_code(answer) for answer in answers]} for {[each.what for each in expected]}"
        )
    codes = [_code(answer) for answer in answers]
    if not _can_be_matched(codes, [each.codes for each in expected]):
        right = [(sorted(each.codes), each.what) for each in expected]
        raise BrokenContractError(f"{codes} for {key[1]!r}, where {right} are right: {str(answers)[:400]}")


def _can_be_matched(codes: list[int], expected: list[frozenset[int]]) -> bool:
    """Whether each code can have an expectation of its own; what waits is answered out of order."""
    if len(codes) == len(expected) and all(map(frozenset.__contains__, expected, codes)):
        return True
    if all(len(each) == 1 for each in expected):
        given = Counter(chain.from_iterable(expected))
        return all(number <= given[code] for code, number in Counter(codes).items())
    holders: dict[int, int] = {}

    def find(number: int, tried: set[int]) -> bool:
        for index, each in enumerate(expected):
            if codes[number] in each and index not in tried:
                tried.add(index)
                if index not in holders or find(holders[index], tried):
                    holders[index] = number
                    return True
        return False

    return all(find(number, set()) for number in range(len(codes)))


class _Expectation:
    """Follows a conversation and notes what must be answered."""

    def __init__(self, asked_by_server: set[Key]) -> None:
        self._asked_by_server = asked_by_server
        self._answers: dict[Key, list[Expected]] = defaultdict(list)
        self._waiting: set[Key] = set()
        self._has_spawned = False
        """Whether a request may have to wait behind a spawn, with its id in flight."""
        self._phases = {Phase.NEW}
        """Where the server may be: in one phase, but behind a message that it may have refused as too deep."""
        self.may_be_over = False
        """Whether the server ends, so that what comes in may be answered and need not."""

    def of(self, frames: Frames) -> dict[Key, list[Expected]]:
        """The answers to these frames, by their ids."""
        for body in frames.bodies:
            message = read_body(body)
            if message.is_doubtful:
                self._expect(None, {PARSE_ERROR}, "very deep", is_optional=True)
            match message.kind:
                case Kind.NO_JSON:
                    self._expect(None, {PARSE_ERROR}, "no JSON")
                case Kind.NO_MESSAGE:
                    may_be_ignored = message.is_doubtful or _key(message.id) in self._asked_by_server
                    self._expect(message.id, {INVALID_REQUEST}, "no message", is_optional=may_be_ignored)
                case Kind.REQUEST:
                    self._take_request(message)
                case Kind.NOTIFICATION if message.method == "exit":
                    self.may_be_over = True
                case _:
                    pass
        if frames.is_broken:
            self._expect(None, {PARSE_ERROR}, "the boundary is lost")
        return self._answers

    def _expect(self, request_id: Any, codes: set[int], what: str, *, is_optional: bool = False) -> None:
        expected = Expected(frozenset(codes), what, is_optional or self.may_be_over)
        self._answers[_key(request_id)].append(expected)

    def _take_request(self, message: Message) -> None:
        key = _key(message.id)
        codes = self._codes(message)
        if key in self._waiting:
            codes.add(INVALID_REQUEST)
        if self._has_spawned:
            codes.add(CANCELLED)
        self._expect(message.id, codes, message.method, is_optional=message.is_doubtful)
        if self._has_spawned or message.method in MAY_WAIT:
            self._waiting.add(key)
        self._has_spawned |= message.method in SPAWNS
        self._note_phase(message)

    def _note_phase(self, message: Message) -> None:
        before = self._phases
        self._phases = {_phase_behind(phase, message) for phase in before}
        if Phase.READY in self._phases - before:
            # A client that is not there ends the server.
            self.may_be_over |= bool(message.params) and message.params.get("processId") is not None
        if message.is_doubtful or self._has_spawned:
            self._phases |= before  # Behind a spawn a shutdown may be cancelled, or its id be in flight.

    def _codes(self, message: Message) -> set[int]:
        if message.method in ONLY_NOTIFICATIONS:
            return {INVALID_REQUEST}
        return {code for phase in self._phases for code in self._codes_in(phase, message.method, message.params)}

    def _codes_in(self, phase: Phase, method: str, params: Any) -> set[int]:
        if phase is Phase.NEW:
            if method != "initialize":
                return {NOT_INITIALIZED}
            return {RESULT} if fits_initialize(params) else {INVALID_PARAMS}
        if phase is Phase.SHUT_DOWN or method == "initialize":
            return {INVALID_REQUEST}
        late = {INVALID_REQUEST} if self.may_be_over else set()
        return late | _codes_when_ready(method, params)


def _phase_behind(phase: Phase, message: Message) -> Phase:
    if phase is Phase.NEW and message.method == "initialize" and fits_initialize(message.params):
        return Phase.READY
    if phase is Phase.READY and message.method == "shutdown":
        return Phase.SHUT_DOWN
    return phase


def _codes_when_ready(method: str, params: Any) -> set[int]:
    if method == "shutdown":
        return {RESULT}
    if method in PARAMS:
        if not fits(method, params):
            return {INVALID_PARAMS}
        also = {INVALID_PARAMS} if may_still_be_refused(method, params) else set()
        return {RESULT, CANCELLED, *OWN_CODES} | also
    if method == "workspace/executeCommand":
        return {RESULT, INVALID_PARAMS, *OWN_CODES} if fits_command(params) else {INVALID_PARAMS}
    return {METHOD_NOT_FOUND}


def _key(request_id: Any) -> Key:
    return type(request_id), request_id


def _code(answer: Any) -> int:
    code: int = answer["error"]["code"] if "error" in answer else RESULT
    return code


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


_JSON = json.JSONDecoder(parse_constant=_refuse)
