"""The strict converter from JSON values to message types.

Rules of this file: no coercion, ever. cattrs by itself would make ["l", "s"] of "ls" and True of "false"; every hook
here takes one JSON type and refuses the others. A failure becomes a list of {path, problem}, one for each thing to
mend.
"""

import difflib
import json
import types
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import attrs
from cattrs import BaseValidationError, Converter, ForbiddenExtraKeysError
from cattrs.errors import AttributeValidationNote, IterableValidationError, IterableValidationNote
from cattrs.gen import make_dict_structure_fn, override

from pipe_rpc.errors import shown
from pipe_rpc.protocol.naming import wire_name
from pipe_rpc.protocol.problems import invalid_params
from pipe_rpc.protocol.types.member import Amount, EnvironmentName, InheritEnv, ProcessText

MAX_PROBLEMS = 20
"""As many as a person mends at once; a million of them would stall the server and fill the wire."""

T = TypeVar("T")
Hook = Callable[[Any, Any], Any]


def structure(value: Any, message_type: type[T]) -> T:
    """Make a message of JSON params, where None stands for left-out ones.

    Raises PipeRpcError: INVALID_PARAMS, with ``problems`` in its data.
    """
    try:
        message: T = _READERS[message_type]({} if value is None else value, message_type)
    except (BaseValidationError, TypeError, ValueError) as error:
        problems = list(islice(_problems(error, "params"), MAX_PROBLEMS))
        _forget_frames(error)
        raise invalid_params(problems) from None
    return message


class _Readers(dict[type[Any], Hook]):
    """The hook of each message type, which the converter would look for at each message."""

    def __missing__(self, message_type: type[Any]) -> Hook:
        hook = self[message_type] = _CONVERTER.get_structure_hook(message_type)
        return hook


def _forget_frames(error: Exception) -> None:
    """Break the cycles of failures and of frames that list them: they would keep the whole message in memory."""
    error.__traceback__ = None
    for each in error.exceptions if isinstance(error, ExceptionGroup) else ():
        _forget_frames(each)


def without_none(annotation: Any) -> Any:
    """The type X of a member that is annotated ``X | None``."""
    if get_origin(annotation) in (Union, types.UnionType) and types.NoneType in get_args(annotation):
        (annotation,) = (each for each in get_args(annotation) if each is not type(None))
    return annotation


_JSON_NAMES = {
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}


def _found(value: Any) -> str:
    if value is None:
        return "null"
    return _JSON_NAMES.get(type(value), type(value).__name__)


def _require(value: Any, *accepted: type) -> Any:
    if type(value) not in accepted:
        raise TypeError(f"must be {_JSON_NAMES[accepted[-1]]}, not {_found(value)}")
    return value


def _structure_string(value: Any, _: Any) -> str:
    if type(value) is str and value.isascii():
        return value  # Nearly every string, and the way of every message.
    text: str = _require(value, str)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"must be Unicode text; there is half a surrogate pair at {error.start}") from None
    return text


def _structure_process_text(value: Any, _: Any) -> str:
    text = _structure_string(value, None)
    if "\0" in text:
        raise ValueError(f"must not hold NUL, which is at {text.index(chr(0))}")
    return text


def _structure_environment_name(value: Any, _: Any) -> str:
    text = _structure_process_text(value, None)
    if not text or "=" in text:
        raise ValueError('must be a name: not empty, and without "="')
    return text


def _structure_amount(value: Any, _: Any) -> int:
    amount: int = _require(value, int)
    if amount < 0:
        raise ValueError("must be at least 0")
    return amount


def _structure_inheritance(value: Any, _: Any) -> Any:
    if type(value) is not bool and value != "minimal":
        raise TypeError('must be true, false or "minimal"')
    return value


def _structure_number(value: Any, _: Any) -> float:
    try:
        return float(_require(value, int, float))
    except OverflowError:
        raise ValueError("must be a number that a float can hold") from None


def _structure_choice(value: Any, annotation: Any) -> Any:
    choices = get_args(annotation)
    if type(value) is not str or value not in choices:
        listed = ", ".join(f'"{choice}"' for choice in choices)
        raise ValueError(f"must be one of {listed}")
    return value


def _is(origin: Any) -> Callable[[Any], bool]:
    return lambda annotation: get_origin(annotation) is origin


def _list_hook(annotation: Any) -> Hook:
    (item_type,) = get_args(annotation)
    item_hook = _CONVERTER.get_structure_hook(item_type)

    def hook(value: Any, _: Any) -> list[Any]:
        items = _require(value, list)
        return _each(enumerate(items), lambda index: item_hook(items[index], item_type), annotation)

    return hook


def _mapping_hook(annotation: Any) -> Hook:
    key_type, value_type = get_args(annotation)
    key_hook, value_hook = _CONVERTER.get_structure_hook(key_type), _CONVERTER.get_structure_hook(value_type)

    def hook(value: Any, _: Any) -> dict[Any, Any]:
        items = _require(value, dict)
        pairs = _each(
            items.items(), lambda key: (key_hook(key, key_type), value_hook(items[key], value_type)), annotation
        )
        return dict(pairs)

    return hook


def _each(items: Iterable[tuple[Any, Any]], structure_one: Callable[[Any], Any], annotation: Any) -> list[Any]:
    """Structure every item; unlike cattrs' own hooks stop after some failures: a hostile list may have a million."""
    structured: list[Any] = []
    failures: list[Exception] = []
    for index, _ in items:
        try:
            structured.append(structure_one(index))
        except Exception as error:  # noqa: BLE001 - like cattrs: whatever a hook raises says what is wrong with an item
            error.add_note(IterableValidationNote("", index, annotation))
            failures.append(error)
            if len(failures) == MAX_PROBLEMS:
                break
    if failures:
        raise IterableValidationError("", failures, annotation)
    return structured


def _message_hook(message_type: type[Any]) -> Hook:
    overrides: dict[str, Any] = {
        field.name: override(rename=wire_name(field.name), struct_hook=_member_hook(field))
        for field in attrs.fields(message_type)
    }
    structure_members = make_dict_structure_fn(message_type, _CONVERTER, _cattrs_forbid_extra_keys=True, **overrides)
    return lambda value, _: structure_members(_require(value, dict), message_type)


def _member_hook(field: "attrs.Attribute[Any]") -> Hook:
    annotation = field.type if field.metadata["nullable"] else without_none(field.type)
    hook = _CONVERTER.get_structure_hook(annotation)
    bounds = field.metadata["bounds"]
    minimum, maximum, above, min_items = (bounds[name] for name in ("minimum", "maximum", "above", "min_items"))
    if minimum is None and maximum is None and above is None and min_items is None:
        return hook if annotation is field.type else lambda value, _: hook(value, annotation)

    def bounded(value: Any, _: Any) -> Any:
        member = hook(value, annotation)
        if minimum is not None and member < minimum:
            raise ValueError(f"must be at least {minimum}")
        if maximum is not None and member > maximum:
            raise ValueError(f"must be at most {maximum}")
        if above is not None and member <= above:
            raise ValueError(f"must be greater than {above}")
        if min_items is not None and len(member) < min_items:
            raise ValueError("must not be empty")
        return member

    return bounded


def _problems(error: BaseException, path: str) -> Iterator[tuple[str, str]]:
    """Walk a tree of cattrs errors, whose notes say at which member or item each one happened."""
    if isinstance(error, ForbiddenExtraKeysError):
        known = [wire_name(field.name) for field in attrs.fields(error.cl)]
        for name in islice(sorted(error.extra_fields), MAX_PROBLEMS):
            yield f"{path}{_step(name)}", _unknown_member(name, known)
    elif isinstance(error, BaseValidationError):
        for each in error.exceptions:
            yield from _problems(each, path + _step_of(each))
    elif isinstance(error, KeyError):
        yield path, "is required"
    else:
        yield path, str(error)


def _step_of(error: BaseException) -> str:
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return _step(wire_name(note.name))
        if isinstance(note, IterableValidationNote):
            return _step(note.index)
    return ""


def _step(key: str | int) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    name = shown(key.partition("=")[0])  # Behind an equals sign there may be a value that belongs nowhere.
    return f".{name}" if name.isidentifier() else f"[{json.dumps(name)}]"


def _unknown_member(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(shown(name), known, n=1)
    return "is no member here" + (f"; {close[0]} is" if close else f"; there are {', '.join(known)}")


def _make_converter() -> Converter:
    converter = Converter()
    converter.register_structure_hook(bool, _require)
    converter.register_structure_hook(int, _require)
    converter.register_structure_hook(str, _structure_string)
    converter.register_structure_hook(float, _structure_number)
    converter.register_structure_hook(Amount, _structure_amount)
    converter.register_structure_hook(InheritEnv, _structure_inheritance)
    converter.register_structure_hook(ProcessText, _structure_process_text)
    converter.register_structure_hook(EnvironmentName, _structure_environment_name)
    converter.register_structure_hook_func(_is(Literal), _structure_choice)
    converter.register_structure_hook_factory(_is(list), _list_hook)
    converter.register_structure_hook_factory(_is(dict), _mapping_hook)
    converter.register_structure_hook_factory(attrs.has, _message_hook)
    return converter


_CONVERTER = _make_converter()
_READERS = _Readers()
