"""Arguments of the clients' methods as members of the wire.

Rules of this file: the name of an argument is that of the member in snake_case; what the wire counts in milliseconds
(``grace_ms``) the clients take in seconds, without the suffix (``grace``). None stands for a member that is left out,
for no param is nullable.
"""

import os
from collections.abc import Mapping, Sequence
from keyword import iskeyword
from typing import Any

import attrs

from pipe_rpc.protocol.naming import wire_name

_MILLISECONDS = "_ms"


def argument_name(member: str) -> str:
    """The argument for a member of a params type: grace for grace_ms, and yield_ for yield_ms."""
    name = member.removesuffix(_MILLISECONDS)
    return f"{name}_" if iskeyword(name) else name


def members(params_type: type[Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The params of a request, without what is None. Raises TypeError for an argument that is no member."""
    known = {argument_name(field.name): field.name for field in attrs.fields(params_type)}
    params: dict[str, Any] = {}
    for argument, value in arguments.items():
        if argument not in known:
            raise TypeError(f"{params_type.__name__} has no {argument}")
        if value is not None:
            name = known[argument]
            params[wire_name(name)] = value * 1000 if name.endswith(_MILLISECONDS) else _wire_value(value)
    return params


def _wire_value(value: Any) -> Any:
    """Paths as text, any sequence and mapping as JSON's; text stays text, so that the server can refuse a wrong one."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return {key: _wire_value(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_wire_value(each) for each in value]
    return value
