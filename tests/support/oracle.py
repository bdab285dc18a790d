"""The trace oracle: judges everything a client and the server said to each other against the wire contract.

It knows nothing of the server's insides. It replays a trace and keeps, for every session, what the contract lets the
client know, and fails at the first message that the contract does not allow:

- **Output.** Offsets of an attachment are contiguous from the offset that opened it, or a hole is counted exactly by
  `missedBytes`. No output without an attachment; none after a detach answer; "stolen" comes before the thief's first
  byte; "ended" comes at the next undelivered offset.
- **Exit.** `session/exited` once, and no output of an attachment that it had to wait for comes after it (unless another
  process holds the stream). `session/closed` once, after it, and then nothing but what a later attach asked for.
- **Answers.** Exactly one for every request, none for a notification; a spawn answer precedes all of its session.
- **Shapes.** Every notification and every result has exactly the members and types of the contract, and what is told
  twice (an ExitInfo) is told the same.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.trace import Message, TraceEntry, decode_data

STREAMS = ("stdout", "stderr")
STATES = ("running", "terminating", "killing", "exited")
OUTCOMES = ("naturalExit", "softExit", "hardKilled")
REASONS = ("request", "timeout", "shutdown", "limit")
DETACH_REASONS = ("detached", "stolen", "ended", "removed")
ERROR_KINDS = {
    1001: "SessionNotFound",
    1002: "SpawnFailed",
    1003: "AlreadyAttached",
    1004: "NotAttached",
    1005: "StreamUnavailable",
    1006: "StdinClosed",
    1007: "StdinFull",
    1008: "SessionRunning",
    1009: "LimitExceeded",
    1010: "OffsetOutOfRange",
    1011: "SignalFailed",
    1012: "TeeFailed",
    1013: "AlreadyTeed",
    1014: "NotTeed",
}
SESSION_ID = re.compile(r"pipe-[0-9a-f]{16}-[0-9a-f]{8}")
OWN_SESSION_ID = re.compile(r"(?!pipe-)[ -~]{1,128}")
LARGEST_OUTPUT_BYTES = 64 * 1024
CONTAINMENTS = ("cgroup", "subreaper", "group")
EXIT_MEMBERS = (
    "exitCode",
    "signal",
    "coreDumped",
    "exitedAt",
    "durationMs",
    "outcome",
    "reason",
    "usage",
    "processesLeft",
)


def check_trace(trace: Sequence[TraceEntry], *, complete: bool = False) -> None:
    """Raise AssertionError, with the offending message, at the first breach of the contract.

    `complete` says that the server has ended in order and that the client has read to the end: then every request
    must have been answered and every session must have been exited and closed.
    """
    oracle = _Oracle()
    for number, entry in enumerate(trace):
        try:
            oracle.see(entry)
        except AssertionError as breach:
            raise AssertionError(f"message {number} of {len(trace)}: {breach}\n{_excerpt(trace, number)}") from None
    if complete:
        oracle.check_complete()


class OpenSessions:
    """Which sessions of a growing trace have not had their last notification yet."""

    def __init__(self, trace: Sequence[TraceEntry]) -> None:
        self._trace = trace
        self._seen = 0
        self._open: set[str] = set()
        self._gone: set[str] = set()
        self._methods: dict[tuple[type, Any], tuple[str, Any]] = {}

    def names(self) -> set[str]:
        """The ids of the sessions that were spawned, not removed, and not closed so far."""
        for entry in self._trace[self._seen :]:
            if not isinstance(entry.message, bytes):
                self._see(entry.direction, entry.message)
        self._seen = len(self._trace)
        return self._open

    def _see(self, direction: str, message: Message) -> None:
        if direction == "out":
            if "id" in message:
                key = _id_key(message["id"])
                self._methods[key] = (str(message.get("method")), message.get("params"))
        elif message.get("method") == "session/closed":
            self._forget(message["params"]["sessionId"])
        elif "result" in message:
            method, params = self._methods.get(_id_key(message["id"]), ("", None))
            if method in ("session/spawn", "session/run") and message["result"]["sessionId"] not in self._gone:
                self._open.add(message["result"]["sessionId"])
            elif method == "session/remove":
                self._forget(params["sessionId"])

    def _forget(self, session_id: str) -> None:
        self._gone.add(session_id)
        self._open.discard(session_id)


# ---- shapes

Check = Callable[[Any], bool]


def is_integer(value: Any) -> bool:
    return type(value) is int


def is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def is_number(value: Any) -> bool:
    return type(value) in (int, float) and value >= 0


def is_float(value: Any) -> bool:
    return type(value) is float and value >= 0


def is_string(value: Any) -> bool:
    return type(value) is str


def is_bool(value: Any) -> bool:
    return type(value) is bool


def is_strings(value: Any) -> bool:
    return type(value) is list and all(type(item) is str for item in value)


def is_session_id(value: Any) -> bool:
    if type(value) is not str:
        return False
    return SESSION_ID.fullmatch(value) is not None or OWN_SESSION_ID.fullmatch(value) is not None


def is_signal_name(value: Any) -> bool:
    return type(value) is str and value in signal.Signals.__members__


def one_of(*choices: str) -> Check:
    return lambda value: type(value) is str and value in choices


def or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


def anything(value: Any) -> bool:
    return True


def is_object(value: Any) -> bool:
    return type(value) is dict


def is_list(value: Any) -> bool:
    return type(value) is list


SIMPLE_RESULTS: dict[str, dict[str, Check]] = {
    "session/attach": {"attachmentId": is_string, "offset": is_count, "missedBytes": is_count},
    "session/detach": {"offset": is_count},
    "session/write": {"bytesWritten": is_count},
    "session/signal": {},
    "session/terminate": {},
    "session/terminateAll": {"terminated": is_count},
    "session/wait": {"exit": or_null(is_object)},
    "session/list": {"sessions": is_list},
    "session/remove": {},
    "session/purge": {"purged": is_count},
}


def check_members(value: Any, members: Mapping[str, Check], what: str, optional: Mapping[str, Check] = {}) -> None:
    """`value` is an object with exactly these members (and perhaps the optional ones), each of its type."""
    assert type(value) is dict, f"{what} must be an object, got {value!r}"
    missing = members.keys() - value.keys()
    unknown = value.keys() - members.keys() - optional.keys()
    assert not missing, f"{what} lacks {sorted(missing)}: {value!r}"
    assert not unknown, f"{what} has unknown members {sorted(unknown)}: {value!r}"
    for name, item in value.items():
        check = members.get(name) or optional[name]
        assert check(item), f"{what}.{name} has a wrong type or value: {item!r}"


def check_exit_info(value: Any, what: str = "ExitInfo") -> None:
    """An ExitInfo: shape, and the rules that bind its members to each other."""
    check_members(
        value,
        {
            "exitCode": or_null(is_integer),
            "signal": or_null(is_signal_name),
            "coreDumped": is_bool,
            "exitedAt": is_float,
            "durationMs": is_number,
            "outcome": one_of(*OUTCOMES),
            "reason": or_null(one_of(*REASONS)),
            "usage": is_object,
            "processesLeft": or_null(is_bool),
        },
        what,
    )
    check_members(
        value["usage"], {"userMs": is_number, "systemMs": is_number, "maxRssBytes": is_count}, f"{what}.usage"
    )
    assert (value["exitCode"] is None) != (value["signal"] is None), f"{what}: exactly one of exitCode and signal"
    assert value["exitCode"] is None or 0 <= value["exitCode"] <= 255, f"{what}.exitCode {value['exitCode']}"
    assert not (value["coreDumped"] and value["signal"] is None), f"{what}: a core dump without a signal"
    natural = value["outcome"] == "naturalExit"
    assert natural == (value["reason"] is None), f"{what}: outcome {value['outcome']} with reason {value['reason']!r}"


def check_session_info(value: Any, what: str = "SessionInfo") -> None:
    """A SessionInfo: shape, and the rules that bind its members to each other."""
    check_members(
        value,
        {
            "sessionId": is_session_id,
            "pid": lambda pid: is_integer(pid) and pid > 1,
            "state": one_of(*STATES),
            "command": is_string,
            "argv": lambda argv: is_strings(argv) and bool(argv),
            "cwd": is_string,
            "originator": is_string,
            "createdAt": is_float,
            "mergeStderr": is_bool,
            "containment": one_of(*CONTAINMENTS),
            "stdin": is_object,
            "stdout": is_object,
            "stderr": or_null(is_object),
            "exit": or_null(is_object),
            "usage": or_null(is_object),
        },
        what,
    )
    check_members(value["stdin"], {"open": is_bool, "pendingBytes": is_count}, f"{what}.stdin")
    for name in STREAMS:
        if value[name] is not None:
            _check_stream_info(value[name], f"{what}.{name}")
    assert (value["stderr"] is None) == value["mergeStderr"], (
        f"{what}: stderr is null where it is merged, and only there"
    )
    if value["exit"] is not None:
        check_exit_info(value["exit"], f"{what}.exit")
        left = value["exit"]["processesLeft"]
        assert left is None or value["containment"] == "cgroup", f"{what}: nobody can know of processesLeft {left}"
    assert (value["state"] == "exited") == (value["exit"] is not None), f"{what}: state {value['state']} against exit"
    if value["usage"] is not None:
        assert value["exit"] is None, f"{what}: what has exited uses nothing"
        milliseconds = {"userMs": is_number, "systemMs": is_number}
        check_members(value["usage"], {**milliseconds, "rssBytes": is_count, "processes": is_count}, f"{what}.usage")


def _check_stream_info(value: Any, what: str) -> None:
    check_members(
        value,
        {
            "startOffset": is_count,
            "endOffset": is_count,
            "missedBytes": is_count,
            "attached": is_bool,
            "attachmentId": or_null(is_string),
            "ended": is_bool,
        },
        what,
    )
    assert value["attached"] is (value["attachmentId"] is not None), f"{what}: attached against attachmentId: {value!r}"
    assert value["startOffset"] <= value["endOffset"], f"{what}: startOffset beyond endOffset"


def _check_data(value: Message, what: str) -> None:
    """`length` raw bytes are what `data` stands for."""
    text = value["data"]
    if value["encoding"] == "base64":
        try:
            length = len(base64.b64decode(text, validate=True))
        except binascii.Error as error:
            raise AssertionError(f"{what}.data is not base64: {error}") from None
        assert length == value["length"], f"{what}: {length} bytes of data, length {value['length']}"
    else:
        size = len(text.encode())
        # Each replacement character stands for one to three bytes that were not UTF-8, or for itself (three bytes).
        replaced = text.count("\ufffd")
        assert size - 2 * replaced <= value["length"] <= size, (
            f"{what}: {size} bytes of text with {replaced} replacements, length {value['length']}"
        )


# ---- replay


@dataclass
class _Request:
    method: Any
    params: Any
    well_formed: bool
    doubtful: bool = False
    """It may be unreadable to the server, which then answers without an id."""
    has_session: bool = False
    """Of session/run: whether news of its session has come before its answer."""


@dataclass
class _Attachment:
    id: str
    next_offset: int
    encoding: str
    before_exited: bool = True
    before_closed: bool = True


@dataclass
class _Stream:
    attachment: _Attachment | None = None
    stolen_untold: _Attachment | None = None
    detached_untold: _Attachment | None = None
    furthest: int = 0


@dataclass
class _Session:
    id: str
    encoding: str
    streams: dict[str, _Stream]
    exit: Message | None = None
    streams_open: tuple[str, ...] = ()
    exited: bool = False
    closed: bool = False
    removed: bool = False
    purged: bool = False


@dataclass
class _Oracle:
    sessions: dict[str, _Session] = field(default_factory=dict)
    asked: dict[tuple[type, Any], list[_Request]] = field(default_factory=dict)
    connection_encoding: str = "utf-8"
    nameless_errors_allowed: int = 0
    lost_track: bool = False
    raw: bytearray = field(default_factory=bytearray)
    attachment_ids: set[str] = field(default_factory=set)

    # ---- outgoing

    def see(self, entry: TraceEntry) -> None:
        if entry.direction == "out":
            if isinstance(entry.message, bytes):
                self._see_raw(entry.message)
            else:
                self._see_sent(entry.message)
            return
        assert not isinstance(entry.message, bytes)
        message = entry.message
        assert message.get("jsonrpc") == "2.0", f"not JSON-RPC 2.0: {message!r}"
        if "method" in message:
            assert "id" not in message, f"the server asks nothing of the client: {message!r}"
            self._see_notification(message)
        else:
            self._see_answer(message)

    def _see_raw(self, data: bytes) -> None:
        """Follow raw bytes as far as their frame boundaries are plain; past that, be lenient about ids only."""
        self.raw += data
        while not self.lost_track:
            head, separator, rest = bytes(self.raw).partition(b"\r\n\r\n")
            if not separator:
                break
            lengths = {int(text) for text in re.findall(rb"(?im)^content-length:[ \t]*([0-9]{1,9})[ \t]*\r?$", head)}
            if len(lengths) != 1:
                self.lost_track = True
                break
            (length,) = lengths
            if len(rest) < length:
                break
            del self.raw[: len(head) + 4 + length]
            try:
                message = json.loads(rest[:length].decode("utf-8"))
            except (ValueError, RecursionError):
                self.nameless_errors_allowed += 1
                continue
            if isinstance(message, dict):
                self._see_sent(message, doubtful=True)  # NaN, lone surrogates, two equal keys: JSON to some.
            else:
                self.nameless_errors_allowed += 1
        if self.raw:
            # An unfinished or unreadable frame: what becomes of it at the end of input is one error at most.
            self.lost_track = self.lost_track or len(self.raw) > 1 << 24

    def _see_sent(self, message: Message, *, doubtful: bool = False) -> None:
        is_answer = "method" not in message and ("result" in message or "error" in message)
        if is_answer:
            return
        usable = type(message.get("id")) in (int, str)
        if usable and (abs(message["id"]) >= 1 << 53 if type(message["id"]) is int else len(message["id"]) > 256):
            doubtful = True
        well_formed = message.get("jsonrpc") == "2.0" and type(message.get("method")) is str
        if not usable:
            if "id" in message or not well_formed:
                self.nameless_errors_allowed += 1
            return
        request = _Request(message.get("method"), message.get("params"), well_formed, doubtful)
        self.asked.setdefault(_id_key(message["id"]), []).append(request)
        if request.method == "initialize" and isinstance(request.params, dict):
            options = request.params.get("initializationOptions")
            if isinstance(options, dict) and isinstance(options.get("encoding"), str):
                self.connection_encoding = options["encoding"]

    # ---- answers

    def _see_answer(self, message: Message) -> None:
        assert message.keys() in ({"jsonrpc", "id", "result"}, {"jsonrpc", "id", "error"}), (
            f"an answer has jsonrpc, id and one of result and error: {message!r}"
        )
        error = message.get("error")
        if "error" in message:
            self._check_error(message["error"])
        if message["id"] is None:
            assert error is not None, f"a result without an id: {message!r}"
            assert error["code"] in (-32700, -32600), f"an error without an id: {message!r}"
            self._see_nameless_error(message)
            return
        waiting = self.asked.get(_id_key(message["id"]), [])
        assert waiting or self.lost_track, f"an answer to no request, or a second one: {message!r}"
        if not waiting:
            return
        refused_twin = error is not None and error["code"] == -32600 and len(waiting) > 1
        request = waiting.pop(-1 if refused_twin else 0)
        if error is not None:
            session_id = error.get("data", {}).get("sessionId") if request.method == "session/run" else None
            if error["code"] == -32800 and session_id is not None and session_id not in self.sessions:
                self._open_run_session(session_id, request.params)  # It ends, and is heard of until then.
            if error["code"] == -32602 and str(request.method).startswith("session/"):
                _check_problems(error)
            return
        assert request.well_formed, f"a result for a malformed request: {message!r}"
        self._see_result(str(request.method), request.params or {}, message["result"])

    def _see_nameless_error(self, message: Message) -> None:
        if self.nameless_errors_allowed > 0:
            self.nameless_errors_allowed -= 1
            return
        for waiting in self.asked.values():
            for request in waiting:
                if request.doubtful:
                    waiting.remove(request)
                    return
        assert self.raw or self.lost_track, f"an answer that nobody asked for: {message!r}"

    def _check_error(self, error: Any) -> None:
        check_members(error, {"code": is_integer, "message": is_string}, "error", optional={"data": anything})
        assert error["message"].strip(), "an error without a message"
        assert "Traceback" not in repr(error), f"a traceback on the wire: {error!r}"
        kind = ERROR_KINDS.get(error["code"])
        if kind is not None:
            data = error.get("data")
            assert isinstance(data, dict), f"error {error['code']} without data: {error!r}"
            assert data.get("kind") == kind, f"error {error['code']} must be of kind {kind}: {error!r}"
            assert error["message"] != kind, f"the message of an error is a sentence: {error!r}"

    def _see_result(self, method: str, params: Message, result: Any) -> None:  # noqa: C901 - a table of methods
        what = f"result of {method}"
        if method in SIMPLE_RESULTS:
            check_members(result, SIMPLE_RESULTS[method], what)
        match method:
            case "session/spawn":
                self._see_spawned(params, result)
            case "session/run":
                self._see_run(params, result)
            case "workspace/executeCommand" if params.get("command") in ("pipe-rpc.run", "pipe-rpc.rerunLast"):
                self._see_spawned({"attach": []}, result)
            case "session/attach":
                self._see_attached(params, result)
            case "session/detach":
                self._see_detach_answer(params, result)
            case "session/read":
                _check_read(params, result)
            case "session/remove":
                self._see_removed(params["sessionId"])
            case "session/wait":
                self._see_waited(params, result["exit"])
            case "session/info":
                self._see_info(result)
                assert result["sessionId"] == params["sessionId"], f"{what} of another session: {result!r}"
            case "session/list":
                self._see_list(result["sessions"])
            case "shutdown":
                assert result is None, f"{what} must be null: {result!r}"

    def _see_list(self, infos: list[Any]) -> None:
        for info in infos:
            self._see_info(info)

    def _see_waited(self, params: Message, exit_info: Any) -> None:
        if exit_info is not None:
            check_exit_info(exit_info, "result of session/wait.exit")
            self._same_exit(params["sessionId"], exit_info)

    def _see_run(self, params: Message, result: Any) -> None:
        check_members(
            result,
            {
                "sessionId": is_session_id,
                "running": is_bool,
                "exit": lambda exit_info: exit_info is None or is_object(exit_info),
                "stdout": is_object,
                "stderr": lambda excerpt: excerpt is None or is_object(excerpt),
            },
            "result of session/run",
        )
        if result["sessionId"] not in self.sessions:
            self._open_run_session(result["sessionId"], params)
        assert result["running"] is (result["exit"] is None), f"it runs or has exited: {result!r}"
        if result["exit"] is not None:
            check_exit_info(result["exit"], "result of session/run.exit")
            self._same_exit(result["sessionId"], result["exit"])
        streams = self.sessions[result["sessionId"]].streams
        for name, excerpt in ((name, result[name]) for name in STREAMS if name in streams):
            _check_excerpt(excerpt, f"result of session/run.{name}")

    def _open_run_session(self, session_id: str, params: Message) -> None:
        """A session that is known from its run only; the names of its attachments come with what is told of them."""
        available = ("stdout",) if params.get("mergeStderr") else STREAMS
        encoding = params.get("encoding") or self.connection_encoding
        session = _Session(session_id, encoding, {name: _Stream() for name in available})
        for name in params.get("attach") or ():
            session.streams[name].attachment = _Attachment("", 0, encoding)
        self.sessions[session_id] = session

    def _session_of_run(self, session_id: Any) -> _Session | None:
        """The session of a run that has not been answered yet, at the first news of it."""
        for requests in self.asked.values():
            for request in requests:
                params = request.params
                if request.method != "session/run" or request.has_session or not isinstance(params, dict):
                    continue
                if params.get("sessionId", session_id) == session_id:
                    request.has_session = True
                    self._open_run_session(session_id, params)
                    return self.sessions[session_id]
        return None

    def _see_spawned(self, params: Message, info: Any) -> None:
        check_session_info(info)
        if info["sessionId"] in self.sessions and params.get("sessionId") == info["sessionId"]:
            self._see_info(info)  # The request was repeated.
            return
        assert info["sessionId"] not in self.sessions, f"session id used twice: {info['sessionId']}"
        available = ("stdout",) if info["mergeStderr"] else STREAMS
        attached = params.get("attach")
        attached = available if attached is None else attached
        encoding = params.get("encoding") or self.connection_encoding
        session = _Session(info["sessionId"], encoding, {name: _Stream() for name in available})
        for name in available:
            assert info[name]["attached"] is (name in attached), f"spawn answer: {name}.attached is wrong: {info!r}"
            if name in attached:
                session.streams[name].attachment = _Attachment(self._new_id(info[name]), 0, encoding)
        self.sessions[session.id] = session

    def _see_attached(self, params: Message, result: Any) -> None:
        session = self.sessions[params["sessionId"]]
        stream = session.streams[params["stream"]]
        attachment_id = self._new_id(result)
        asked_offset = params.get("fromOffset")
        wanted = result["offset"] if asked_offset is None else asked_offset
        assert result["offset"] == wanted + result["missedBytes"], (
            f"attach from {asked_offset} starts at {result['offset']} with missedBytes {result['missedBytes']}"
        )
        if stream.attachment is not None:
            assert params.get("steal") is True, f"attached to an occupied stream without steal: {result!r}"
            stream.stolen_untold = stream.attachment
        stream.attachment = _Attachment(
            attachment_id,
            result["offset"],
            params.get("encoding") or session.encoding,
            before_exited=not session.exited,
            before_closed=not session.closed,
        )

    def _new_id(self, holder: Message) -> str:
        attachment_id: str = holder["attachmentId"]
        assert attachment_id not in self.attachment_ids, f"attachment id used twice: {holder!r}"
        self.attachment_ids.add(attachment_id)
        return attachment_id

    def _see_detach_answer(self, params: Message, result: Message) -> None:
        session = self.sessions[params["sessionId"]]
        stream = session.streams[params["stream"]]
        attachment = stream.attachment
        if attachment is None:
            attachment = stream.detached_untold
            assert attachment is not None, "a detach answer without an attachment"
            stream.detached_untold = None
        else:
            stream.attachment = None
            stream.detached_untold = attachment
        assert result["offset"] == attachment.next_offset, (
            f"detached at {result['offset']}, but the next undelivered byte is {attachment.next_offset}"
        )

    def _see_removed(self, session_id: str) -> None:
        session = self.sessions[session_id]
        for name, stream in session.streams.items():
            assert stream.attachment is None, f"{session_id} removed, but its attachment to {name} was not told"
        session.removed = True

    def _see_info(self, info: Any) -> None:
        check_session_info(info)
        session = self.sessions.get(info["sessionId"]) or self._session_of_run(info["sessionId"])
        assert session is not None, f"information about an unknown session: {info!r}"
        assert not session.removed, f"information about a removed session: {info!r}"
        if info["exit"] is not None:
            self._same_exit(session.id, info["exit"])
        else:
            assert not session.exited, f"{session.id} has exited, but its information says {info['state']}"
        for name, stream in session.streams.items():
            assert info[name]["endOffset"] >= stream.furthest, f"{name} of {session.id} ends before what was delivered"
            if stream.attachment and not stream.attachment.id:
                stream.attachment.id = self._new_id(info[name])
            attached = stream.attachment.id if stream.attachment else None
            assert info[name]["attachmentId"] == attached, f"{name} is attached by {attached!r}: {info[name]!r}"

    def _same_exit(self, session_id: str, exit_info: Message) -> None:
        session = self.sessions[session_id]
        if session.exit is None:
            session.exit = exit_info
        assert session.exit == exit_info, f"two different ExitInfos of {session_id}: {session.exit!r}, {exit_info!r}"

    # ---- notifications

    def _see_notification(self, message: Message) -> None:
        assert message.keys() == {"jsonrpc", "method", "params"}, f"members of a notification: {message!r}"
        method, params = message["method"], message["params"]
        if not method.startswith("session/"):
            ours = ("window/", "$/", "textDocument/publishDiagnostics")
            assert method.startswith(ours), f"unknown notification: {message!r}"
            return
        session = self.sessions.get(params.get("sessionId")) or self._session_of_run(params.get("sessionId"))
        assert session is not None, f"a notification before the spawn answer, or of an unknown session: {message!r}"
        assert not session.removed, f"a notification of a removed session: {message!r}"
        match method:
            case "session/output":
                self._see_output(session, params)
            case "session/detached":
                self._see_detached(session, params)
            case "session/teeError":
                self._see_tee_error(session, params)
            case "session/exited":
                self._see_exited(session, params)
            case "session/closed":
                self._see_closed(session, params)
            case _:
                raise AssertionError(f"unknown notification: {message!r}")

    def _see_output(self, session: _Session, params: Message) -> None:
        check_members(
            params,
            {
                "sessionId": is_string,
                "stream": one_of(*STREAMS),
                "offset": is_count,
                "length": lambda length: is_integer(length) and 0 < length <= LARGEST_OUTPUT_BYTES,
                "data": is_string,
                "encoding": one_of("utf-8", "base64"),
                "seq": lambda seq: is_integer(seq) and seq > 0,
                "timeMs": lambda time: is_number(time) and time >= 0,
            },
            "session/output",
            optional={"missedBytes": lambda missed: is_integer(missed) and missed > 0},
        )
        name = params["stream"]
        assert name in session.streams, f"output of {name}, which {session.id} does not have"
        stream = session.streams[name]
        attachment = stream.attachment
        assert attachment is not None, f"output of {name} of {session.id}, which nobody has attached: {params!r}"
        assert stream.stolen_untold is None, f"output of the thief before {name}'s old attachment was told: {params!r}"
        missed = params.get("missedBytes", 0)
        assert params["offset"] == attachment.next_offset + missed, (
            f"{name} of {session.id}: expected offset {attachment.next_offset}, "
            f"got {params['offset']} with missedBytes {missed}"
        )
        assert attachment.encoding in ("auto", params["encoding"]), (
            f"asked for {attachment.encoding}, got {params['encoding']}"
        )
        if attachment.encoding == "auto" and params["encoding"] == "base64":
            try:
                decode_data(params).decode("utf-8")
            except UnicodeDecodeError:
                pass
            else:
                raise AssertionError(f"base64 for bytes that are valid UTF-8: {params!r}")
        _check_data(params, "session/output")
        attachment.next_offset = params["offset"] + params["length"]
        stream.furthest = max(stream.furthest, attachment.next_offset)
        if session.exited and attachment.before_exited:
            assert name in session.streams_open, f"output of {name} of {session.id} after session/exited: {params!r}"
        if session.closed:
            assert not attachment.before_closed, f"output of {name} of {session.id} after session/closed: {params!r}"

    def _see_detached(self, session: _Session, params: Message) -> None:
        check_members(
            params,
            {
                "sessionId": is_string,
                "stream": one_of(*STREAMS),
                "attachmentId": is_string,
                "offset": is_count,
                "reason": one_of(*DETACH_REASONS),
            },
            "session/detached",
        )
        stream = session.streams[params["stream"]]
        if params["reason"] == "stolen" and stream.stolen_untold is not None:
            attachment = stream.stolen_untold
            stream.stolen_untold = None
        elif params["reason"] == "detached" and stream.detached_untold is not None:
            attachment = stream.detached_untold
            stream.detached_untold = None
        else:
            assert stream.attachment is not None, f"detached, but nobody was attached: {params!r}"
            attachment = stream.attachment
            stream.attachment = None
            if params["reason"] == "detached":
                stream.detached_untold = attachment
        if not attachment.id:
            attachment.id = self._new_id(params)  # Of a run: this is the first that is told of it.
        assert params["attachmentId"] == attachment.id, f"expected attachment {attachment.id!r}: {params!r}"
        assert params["offset"] == attachment.next_offset, (
            f"detached at {params['offset']}, but the next undelivered byte is {attachment.next_offset}: {params!r}"
        )
        if session.closed:
            assert not attachment.before_closed, f"{session.id} is named again after session/closed: {params!r}"

    def _see_tee_error(self, session: _Session, params: Message) -> None:
        checks: dict[str, Check] = {
            "sessionId": is_string,
            "stream": one_of(*session.streams),
            "path": is_string,
            "offset": is_count,
            "errno": is_string,
            "message": is_string,
        }
        check_members(params, checks, "session/teeError")
        assert not session.closed, f"{session.id} is named again after session/closed: {params!r}"

    def _see_exited(self, session: _Session, params: Message) -> None:
        exit_info = {name: params[name] for name in EXIT_MEMBERS if name in params}
        check_members(
            params,
            {
                **dict.fromkeys(EXIT_MEMBERS, anything),
                "sessionId": is_string,
                "streamsOpen": lambda names: is_strings(names) and len(set(names)) == len(names),
            },
            "session/exited",
        )
        check_exit_info(exit_info, "session/exited")
        assert set(params["streamsOpen"]) <= session.streams.keys(), f"streamsOpen names no stream: {params!r}"
        assert not session.exited, f"session/exited twice: {params!r}"
        session.exited = True
        session.streams_open = tuple(params["streamsOpen"])
        self._same_exit(session.id, exit_info)

    def _see_closed(self, session: _Session, params: Message) -> None:
        check_members(params, {"sessionId": is_string}, "session/closed")
        assert session.exited, f"session/closed before session/exited: {params!r}"
        assert not session.closed, f"session/closed twice: {params!r}"
        session.closed = True
        for name, stream in session.streams.items():
            assert stream.attachment is None, f"session/closed while {name} of {session.id} is attached and not ended"
            assert stream.stolen_untold is None, f"session/closed before {name}'s old attachment was told"

    # ---- the end

    def check_complete(self) -> None:
        unanswered = [(key[1], request.method) for key, waiting in self.asked.items() for request in waiting]
        assert not unanswered, f"requests without an answer: {unanswered}"
        for session in self.sessions.values():
            if session.removed:
                continue
            assert session.exited, f"{session.id} has had no session/exited"
            assert session.closed, f"{session.id} has had no session/closed"
            for name, stream in session.streams.items():
                assert stream.attachment is None or not stream.attachment.before_closed, (
                    f"{name} of {session.id} was never detached"
                )
                assert stream.detached_untold is None, f"{name} of {session.id}: session/detached is missing"


def _check_excerpt(value: Any, what: str) -> None:
    checks: dict[str, Check] = {
        "head": is_string,
        "tail": is_string,
        "encoding": one_of("utf-8", "base64"),
        "omittedBytes": is_count,
        "nextOffset": is_count,
    }
    check_members(value, checks, what)
    told = value["nextOffset"] - value["omittedBytes"]
    if value["encoding"] == "base64":
        sizes = [len(base64.b64decode(value[end], validate=True)) for end in ("head", "tail")]
        assert sum(sizes) == told, f"{what}: {sizes} bytes told, {told} counted"
    elif "\ufffd" not in value["head"] + value["tail"]:
        size = len((value["head"] + value["tail"]).encode())
        assert size == told, f"{what}: {size} bytes told, {told} counted"
    assert value["omittedBytes"] or not value["tail"], f"{what}: a tail, and nothing omitted"


def _check_read(params: Message, result: Any) -> None:
    what = "result of session/read"
    check_members(
        result,
        {
            "offset": is_count,
            "length": is_count,
            "data": is_string,
            "encoding": one_of("utf-8", "base64"),
            "missedBytes": is_count,
            "nextOffset": is_count,
            "ended": is_bool,
        },
        what,
    )
    _check_data(result, what)
    assert result["nextOffset"] == result["offset"] + result["length"], f"{what}: nextOffset is wrong: {result!r}"
    wanted = params.get("fromOffset", result["offset"])
    assert result["offset"] == wanted + result["missedBytes"], f"{what}: missedBytes is wrong: {result!r}"
    # A character that is longer than maxBytes is given whole: a reader would never get past it otherwise.
    at_most = params.get("maxBytes", 65536)
    if result["encoding"] == "utf-8" and len(result["data"]) == 1:
        at_most = max(at_most, 4)
    assert result["length"] <= at_most, f"{what}: more than maxBytes: {result!r}"


def _check_problems(error: Message) -> None:
    data = error.get("data")
    assert isinstance(data, dict), f"-32602 without data: {error!r}"
    problems = data.get("problems")
    assert isinstance(problems, list), f"-32602 without data.problems: {error!r}"
    assert problems, f"-32602 with empty data.problems: {error!r}"
    for problem in problems:
        check_members(problem, {"path": is_string, "problem": is_string}, "problem")
        assert re.fullmatch(r"params([.\[].*)?", problem["path"]), f"a path begins with params: {problem!r}"


def _id_key(request_id: Any) -> tuple[type, Any]:
    return (type(request_id), request_id if type(request_id) in (int, str) else repr(request_id))


def _excerpt(trace: Sequence[TraceEntry], number: int) -> str:
    lines = []
    for index in range(max(0, number - 15), number + 1):
        text = repr(trace[index].message)
        if len(text) > 400:
            text = f"{text[:400]}… ({len(text)} characters)"
        lines.append(f"  {index} {'<' if trace[index].direction == 'in' else '>'} {text}")
    return "\n".join(lines)
