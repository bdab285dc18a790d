"""Which params fit which method: the tables of the protocol, written down a second time to judge the first."""

from __future__ import annotations

import re
import resource
import signal
from collections.abc import Callable
from typing import Any

Check = Callable[[Any], bool]

SIGNALS = frozenset(
    {each.name for each in signal.Signals}
    | {f"SIGRTMIN+{number - signal.SIGRTMIN}" for number in signal.valid_signals() if number > signal.SIGRTMIN}
)


def _text(value: Any) -> bool:
    if type(value) is not str:
        return False
    return value.isascii() or re.search("[\ud800-\udfff]", value) is None


def _process_text(value: Any) -> bool:
    return _text(value) and "\0" not in value


def _boolean(value: Any) -> bool:
    return type(value) is bool


def _count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _positive_integer(value: Any) -> bool:
    return type(value) is int and value > 0


def _duration(value: Any) -> bool:
    return _number(value) and value >= 0


def _number(value: Any) -> bool:
    if type(value) is int:
        return abs(value) < 2**1024 - 2**970  # What rounds to more is no float (IEEE 754, binary64).
    return type(value) is float


def _one_of(*choices: str) -> Check:
    return lambda value: type(value) is str and value in choices


def _argv(value: Any) -> bool:
    return type(value) is list and bool(value) and all(map(_process_text, value)) and value[0] != ""


def _env(value: Any) -> bool:
    return type(value) is dict and all(
        _process_text(name) and name and "=" not in name and (each is None or _process_text(each))
        for name, each in value.items()
    )


def _inheritance(value: Any) -> bool:
    return type(value) is bool or (type(value) is str and value == "minimal")


def _rlimits(value: Any) -> bool:
    return type(value) is dict and all(
        name in ("as", "cpu", "fsize", "nofile", "nproc", "core") and _count(limit) and limit <= _hard_limit(name)
        for name, limit in value.items()
    )


def _hard_limit(name: str) -> int:
    """That of this process, which the servers that it starts inherit."""
    hard = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))[1]
    return 2**63 - 1 if hard == resource.RLIM_INFINITY else hard


def _streams(value: Any) -> bool:
    return type(value) is list and all(map(_stream, value))


LONGEST_LABEL = 65536
"""Characters of what is shown and kept of a session: maxLabelCharacters, as advertised."""
LONGEST_TOKEN = 4096
"""Characters of a workDoneToken."""


def _label(value: Any) -> bool:
    return _text(value) and len(value) <= LONGEST_LABEL


def _own_id(value: Any) -> bool:
    return _text(value) and re.fullmatch("[ -~]{1,128}", value) is not None and not value.startswith("pipe-")


def _backlog(value: Any) -> bool:
    return type(value) is int and 1024 <= value <= 64 * 1024 * 1024


_stream = _one_of("stdout", "stderr")
_encoding = _one_of("utf-8", "base64", "auto")
_SESSION: dict[str, Check] = {"sessionId": _text}
_STREAM: dict[str, Check] = {**_SESSION, "stream": _stream}


def _tee(value: Any) -> bool:
    return type(value) is dict and all(
        _stream(name)
        and type(target) is dict
        and {"path"} <= target.keys() <= {"path", "mode"}
        and _process_text(target["path"])
        and target.get("mode", "append") in ("append", "truncate")
        for name, target in value.items()
    )


_SPAWN: dict[str, Check] = {
    "tee": _tee,
    "sessionId": _own_id,
    "cwd": lambda value: _process_text(value) and value != "",
    "env": _env,
    "inheritEnv": _inheritance,
    "envFile": lambda value: _process_text(value) and value.startswith("/"),
    "rlimits": _rlimits,
    "nice": lambda value: _count(value) and value < 20,
    "originator": _label,
    "command": _label,
    "mergeStderr": _boolean,
    "stdin": _one_of("pipe", "null"),
    "attach": _streams,
    "encoding": _encoding,
    "overflow": _one_of("block", "dropOldest"),
    "backlogBytes": _backlog,
    "timeoutMs": lambda value: _number(value) and value > 0,
    "graceMs": _duration,
}
PARAMS: dict[str, tuple[dict[str, Check], dict[str, Check]]] = {
    "session/spawn": ({"argv": _argv}, _SPAWN),
    "session/run": (
        {"argv": _argv},
        {
            **_SPAWN,
            "input": _text,
            "inputEncoding": _one_of("utf-8", "base64"),
            "yieldMs": _duration,
            "maxOutputBytes": _positive_integer,
        },
    ),
    "session/attach": (_STREAM, {"steal": _boolean, "fromOffset": _count, "encoding": _encoding}),
    "session/detach": (_STREAM, {}),
    "session/read": (
        _STREAM,
        {"fromOffset": _count, "maxBytes": _positive_integer, "waitMs": _duration, "encoding": _encoding},
    ),
    "session/write": (_SESSION, {"data": _text, "encoding": _one_of("utf-8", "base64"), "close": _boolean}),
    "session/signal": ({**_SESSION, "signal": _text}, {}),
    "session/terminate": (_SESSION, {"graceMs": _duration}),
    "session/terminateAll": ({}, {"originator": _text, "olderThanMs": _duration, "graceMs": _duration}),
    "session/wait": (_SESSION, {"until": _one_of("exited", "closed"), "timeoutMs": _duration}),
    "session/waitFor": (
        _STREAM,
        {
            "pattern": _text,
            "literal": _text,
            "fromOffset": _count,
            "idleMs": lambda value: _number(value) and value > 0,
            "timeoutMs": _duration,
        },
    ),
    "session/tee": ({**_STREAM, "path": _process_text}, {"mode": _one_of("append", "truncate")}),
    "session/untee": (_STREAM, {}),
    "session/info": (_SESSION, {"usage": _boolean}),
    "session/list": ({}, {"originator": _text, "usage": _boolean}),
    "session/remove": (_SESSION, {"force": _boolean}),
    "session/purge": ({}, {"originator": _text}),
}
"""By method: the members that it needs, and those that it takes."""


def fits(method: str, params: Any) -> bool:
    """Whether the params of a method of ours are right, before it is known whether its session is there."""
    needed, optional = PARAMS[method]
    members = {} if params is None else params
    if type(members) is not dict or not needed.keys() <= members.keys():
        return False
    checks = {**needed, **optional}
    return all(name in checks and checks[name](value) for name, value in members.items())


def may_still_be_refused(method: str, params: Any) -> bool:
    """Whether -32602 is right all the same: what a signal, an id or a pattern is, is looked at later."""
    match method:
        case "session/signal":
            unknown: bool = params["signal"] not in SIGNALS
            return unknown
        case "session/write":
            return bool(params.get("encoding") == "base64")
        case "session/spawn" | "session/run":
            of_the_system = {"sessionId", "tee", "envFile"} & params.keys()
            return bool(of_the_system) or params.get("inputEncoding") == "base64"
        case _:
            return method in ("session/waitFor", "session/tee")


def fits_initialize(params: Any) -> bool:
    """Whether the params of ``initialize`` are ones that the server must take."""
    members = {} if params is None else params
    if type(members) is not dict:
        return False
    client = members.get("clientInfo")
    options = members.get("initializationOptions")
    if client is not None and type(client) is not dict:
        return False
    if options is not None and options != [] and type(options) is not dict:
        return False
    process_id = members.get("processId")
    options = options or {}
    return (
        (process_id is None or _positive_integer(process_id))
        and _is_text_or_null((client or {}).get("name"))
        and _is_text_or_null(options.get("originator"))
        and len(options.get("originator") or "") <= LONGEST_LABEL
        and (options.get("encoding") is None or _encoding(options["encoding"]))
        and type(options.get("problemMatcher")) in (type(None), str, dict, list)
        and (options.get("graceMs") is None or (type(options["graceMs"]) in (int, float) and options["graceMs"] >= 0))
    )


COMMANDS = tuple(f"pipe-rpc.{name}" for name in ("run", "rerunLast", "list", "terminate", "terminateAll"))


def fits_command(params: Any) -> bool:
    """Whether the params of ``workspace/executeCommand`` are ones that reach a command."""
    if type(params) is not dict or not _one_of(*COMMANDS)(params.get("command")):
        return False
    arguments, token = params.get("arguments"), params.get("workDoneToken")
    if type(token) is str and len(token) > LONGEST_TOKEN:
        return False
    return (arguments is None or type(arguments) is list) and (token is None or type(token) in (str, int))


def _is_text_or_null(value: Any) -> bool:
    return value is None or type(value) is str
