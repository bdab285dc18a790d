"""The generated tables of the README, made from the method table, the types, the errors and the limits."""

from __future__ import annotations

import attrs

from pipe_rpc.errors import ErrorCode
from pipe_rpc.limits import Limits, option_name, reason
from pipe_rpc.protocol import types
from pipe_rpc.protocol.methods import METHODS, NOTIFICATIONS, Method
from pipe_rpc.protocol.naming import wire_name


def with_tables(readme: str) -> str:
    """The README with each table in its place between two markers."""
    for name, table in (
        ("methods", methods_table()),
        ("notifications", notifications_table()),
        ("errors", errors_table()),
        ("limits", limits_table()),
    ):
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, rest = readme.split(begin)
        _, after = rest.split(end)
        readme = f"{before}{begin}{table}{end}{after}"
    return readme


def methods_table() -> str:
    rows = [f"| `{method.name}` | {_members(method.params)} | {_result(method)} | {method.doc} |" for method in METHODS]
    return _table("| method | params (`?`: may be left out) | result | what it does |", rows)


def notifications_table() -> str:
    rows = [f"| `{method.name}` | {_members(method.params)} | {method.doc} |" for method in NOTIFICATIONS]
    return _table("| notification | params | when |", rows)


def errors_table() -> str:
    rows = [f"| {int(code)} | {code.kind} | {code.meaning} | {code.remedy} |" for code in ErrorCode]
    return _table("| code | kind | what went wrong | what to do |", rows)


def limits_table() -> str:
    rows = [
        f"| `{wire_name(name)}` | `{option_name(name)}` | {default:,} | {reason(name)} |"
        for name, default in Limits()._asdict().items()
    ]
    return _table("| limit | option | default | why |", rows)


def _table(header: str, rows: list[str]) -> str:
    columns = header.count("|") - 1
    return "\n".join([header, "|" + "---|" * columns, *rows]) + "\n"


def _members(type_name: str | None) -> str:
    if type_name is None:
        return ""
    fields = attrs.fields(getattr(types, type_name))
    return ", ".join(f"`{wire_name(field.name)}`{'' if field.default is attrs.NOTHING else '?'}" for field in fields)


def _result(method: Method) -> str:
    if method.result is None:
        return ""
    if method.result in ("object", "null"):
        return method.result
    fields = attrs.fields(getattr(types, method.result))
    return "SessionInfo" if method.result == "SessionInfo" else _members(method.result) if fields else "`{}`"
