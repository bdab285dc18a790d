"""Whether a message is the one that a recording expects, and how it differs.

Rules of this file: strict. A member more is a difference as well as one less, unless more are allowed; true is not 1,
and 1 is 1.0, as JSON has one kind of number. Where a placeholder fits, the expectation takes the value that came, so
that what differs is only what is wrong.
"""

from typing import Any

from pipe_rpc.conversation.placeholders import Bindings, is_placeholder, literal, named


def expectation(expected: Any, actual: Any, bindings: Bindings, *, allow_extra: bool) -> Any:
    """What was expected, as near to what came as it fits: the same (see ``same``) where all of it does. Binds names."""
    if is_placeholder(expected):
        if not bindings.fits(expected, actual):
            return _value(expected, bindings)
        bindings.bind(expected, actual)
        return actual
    if type(expected) is str:
        return literal(expected)
    if type(expected) is list:
        items = actual if type(actual) is list else []
        pairs = zip(expected, [*items, *[None] * len(expected)], strict=False)
        return [expectation(each, came, bindings, allow_extra=allow_extra) for each, came in pairs]
    if type(expected) is dict:
        present = actual if type(actual) is dict else {}
        # In the order in which they came: the order of members means nothing, and shall not show as a difference.
        names = [name for name in present if name in expected] + [name for name in expected if name not in present]
        told = {
            name: expectation(expected[name], present.get(name), bindings, allow_extra=allow_extra) for name in names
        }
        return {**told, **{name: present[name] for name in present if name not in expected}} if allow_extra else told
    return expected


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal."""
    if type(one) is dict and type(other) is dict:
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if type(one) is list and type(other) is list:
        return len(one) == len(other) and all(map(same, one, other))
    if type(one) in (int, float) and type(other) in (int, float):
        return bool(one == other)
    return type(one) is type(other) and bool(one == other)


def could_be(expected: Any, actual: Any, bindings: Bindings) -> bool:
    """Whether a value that tells messages apart, such as an id, may be the expected one; binds nothing."""
    if is_placeholder(expected):
        return bindings.fits(expected, actual)
    return same(literal(expected) if type(expected) is str else expected, actual)


def _value(placeholder: str, bindings: Bindings) -> Any:
    """What to show in the place of a placeholder that does not fit: its value, where it has one."""
    return bindings.value(placeholder) if named(placeholder) is not None else placeholder
