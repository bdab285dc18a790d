"""Reads problem matchers as clients write them: names, and the objects of VS Code's tasks.

Rules of this file: what changes which problems are found is read strictly, with its place in the params; what only VS
Code's own display needs is let pass.
"""

from collections.abc import Mapping
from typing import Any

from pipe_rpc.errors import shown
from pipe_rpc.lsp.builtin_matchers import BUILTIN_MATCHERS
from pipe_rpc.lsp.problem_matcher import DEFAULT_COLUMN, LinePattern, ProblemMatcher, Severity
from pipe_rpc.protocol.problems import invalid_params

_IGNORED = ("name", "label", "applyTo", "background", "watching")
_MATCHER_MEMBERS = ("base", "owner", "source", "severity", "fileLocation", "pattern", *_IGNORED)
_GROUPS = ("file", "location", "line", "column", "endLine", "endColumn", "severity", "code", "message")
_PATTERN_MEMBERS = ("regexp", "kind", "loop", *_GROUPS)
_SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING, "info": Severity.INFO}
_FOLDERS = ("${workspaceFolder}", "${workspaceRoot}", "${cwd}")
"""All of them are the directory of the job here."""


def read_matchers(value: Any, path: str) -> tuple[ProblemMatcher, ...]:
    """The matchers that a name, an object or an array of both means, each once. Raises PipeRpcError: INVALID_PARAMS."""
    found: dict[ProblemMatcher, None] = {}
    for each, place in _listed(value, path):
        match each:
            case str():
                found.update(dict.fromkeys(_named(each, place)))
            case dict():
                found.update(dict.fromkeys(_read_matcher(each, place)))
            case _:
                raise invalid_params([(place, "must be the name of a problem matcher, an object, or an array of both")])
    return tuple(found)


def _listed(value: Any, path: str) -> list[tuple[Any, str]]:
    if isinstance(value, list):
        return [(each, f"{path}[{number}]") for number, each in enumerate(value)]
    return [(value, path)]


def _named(name: str, path: str) -> tuple[ProblemMatcher, ...]:
    matchers = BUILTIN_MATCHERS.get(name if name.startswith("$") else f"${name}")
    if matchers is None:
        known = ", ".join(BUILTIN_MATCHERS)
        raise invalid_params([(path, f"{shown(name)!r} is not known; there are {known}, or give an object")])
    return matchers


def _read_matcher(given: Mapping[str, Any], path: str) -> tuple[ProblemMatcher, ...]:
    _require_members(given, _MATCHER_MEMBERS, path)
    base = _text(given, "base", path)
    matchers = () if base is None else _named(base, f"{path}.base")
    if given.get("pattern") is not None:
        matchers = (ProblemMatcher("", _read_patterns(given["pattern"], f"{path}.pattern")),)
    if not matchers:
        raise invalid_params([(f"{path}.pattern", "must be given, or a base")])
    changes: dict[str, Any] = {}
    source = _text(given, "source", path) or _text(given, "owner", path)
    if source is not None:
        changes["source"] = source
    severity = _text(given, "severity", path)
    if severity is not None:
        if severity.lower() not in _SEVERITIES:
            raise invalid_params([(f"{path}.severity", 'must be one of "error", "warning", "info"')])
        changes["severity"] = _SEVERITIES[severity.lower()]
    if given.get("fileLocation") is not None:
        changes["base"] = _read_location(given["fileLocation"], f"{path}.fileLocation")
    return tuple(each._replace(**changes) for each in matchers)


def _read_location(given: Any, path: str) -> str:
    """The directory that file names are relative to; an absolute file name is absolute in every case."""
    match given if isinstance(given, list) else [given]:
        case ["absolute" | "relative" | "autoDetect"]:
            return ""
        case ["relative" | "autoDetect", str() as base]:
            for folder in _FOLDERS:
                if base == folder or base.startswith(f"{folder}/"):
                    base = base.removeprefix(folder).lstrip("/")
            if "${" in base:
                raise invalid_params([(path, f"the only variables are {', '.join(_FOLDERS)}, at the beginning")])
            return base
        case _:
            wanted = '"absolute", "relative", "autoDetect", or an array of one of the last two and a directory'
            raise invalid_params([(path, f"must be {wanted}")])


def _read_patterns(given: Any, path: str) -> tuple[LinePattern, ...]:
    if isinstance(given, str):
        matchers = _named(given, path)
        if len(matchers) > 1:
            raise invalid_params([(path, f"{given} is several patterns: use it as the base")])
        return matchers[0].patterns
    listed = _listed(given, path)
    patterns = tuple(_read_pattern(each, place) for each, place in listed)
    if len(patterns) == 1 and not isinstance(given, list):
        patterns = (_with_defaults(patterns[0]),)
    if not patterns:
        raise invalid_params([(path, "must not be empty")])
    for pattern, (_, place) in zip(patterns, listed, strict=True):
        if pattern.loops and (pattern is not patterns[-1] or len(patterns) == 1):
            raise invalid_params([(f"{place}.loop", "is for the last of several patterns")])
    captured = {name for pattern in patterns for name, _ in pattern.groups}
    if not {"file", "message"} <= captured:
        raise invalid_params([(path, "must capture a file and a message")])
    if not (patterns[0].is_whole_file or {"line", "location"} & captured):
        raise invalid_params([(path, 'must capture a line or a location, unless its kind is "file"')])
    return patterns


def _with_defaults(pattern: LinePattern) -> LinePattern:
    """What VS Code takes for granted of a single pattern."""
    groups = dict(pattern.groups)
    defaults = {"file": 1, "message": 0}
    if not (pattern.is_whole_file or "location" in groups):
        defaults |= {"line": 2, **dict([DEFAULT_COLUMN])}
    return pattern._replace(groups=tuple((defaults | groups).items()))


def _read_pattern(given: Any, path: str) -> LinePattern:
    if not isinstance(given, dict):
        raise invalid_params([(path, "must be an object")])
    _require_members(given, _PATTERN_MEMBERS, path)
    regexp = _text(given, "regexp", path)
    if not regexp:
        raise invalid_params([(f"{path}.regexp", "must be a regular expression")])
    kind = _text(given, "kind", path)
    if kind not in (None, "location", "file"):
        raise invalid_params([(f"{path}.kind", 'must be "location" or "file"')])
    loop = given.get("loop")
    if not isinstance(loop, bool | None):
        raise invalid_params([(f"{path}.loop", "must be a boolean")])
    groups: list[tuple[str, int]] = []
    for name in _GROUPS:
        number = given.get(name)
        if number is None:
            continue
        if type(number) is not int or number < 0:
            raise invalid_params([(f"{path}.{name}", "must be the number of a group, from 0 on")])
        groups.append((name, number))
    return LinePattern(regexp, tuple(groups), is_whole_file=kind == "file", loops=bool(loop))


def _text(given: Mapping[str, Any], name: str, path: str) -> str | None:
    value = given.get(name)
    if not isinstance(value, str | None):
        raise invalid_params([(f"{path}.{name}", "must be a string")])
    return value


def _require_members(given: Mapping[str, Any], known: tuple[str, ...], path: str) -> None:
    unknown = sorted(given.keys() - {*known})
    if unknown:
        raise invalid_params(
            [(f"{path}.{shown(name)}", f"is not known; there are {', '.join(known)}") for name in unknown]
        )
