"""pipe_rpc/protocol/json_text.py."""

import json
import math
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipe_rpc.protocol.json_text import DuplicateNameError, JsonError, decode, encode


class Pairs(list[tuple[str, Any]]):
    """An object as it is written: a name may stand in it twice."""

    def text(self, colon: str) -> str:
        return "{" + ",".join(f"{json.dumps(name)}{colon}{_written(value, colon)}" for name, value in self) + "}"

    def has_a_name_twice(self) -> bool:
        return len(dict(self)) < len(self) or any(_has_a_name_twice(value) for _, value in self)


def _written(value: Any, colon: str) -> str:
    match value:
        case Pairs():
            return value.text(colon)
        case list():
            return "[" + ",".join(_written(each, colon) for each in value) + "]"
        case _:
            return json.dumps(value)


def _has_a_name_twice(value: Any) -> bool:
    match value:
        case Pairs():
            return value.has_a_name_twice()
        case list():
            return any(map(_has_a_name_twice, value))
        case _:
            return False


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b" ",
        b"{",
        b"{} {}",
        b"[1,]",
        b'{"a":1,}',
        b"{'a':1}",
        b"// comment\n{}",
        b'"tab\there"',
        b'"\x00"',
        b"01",
        b"+1",
        b"1.",
        b".5",
        b"0x10",
        b"1_000",
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"[NaN]",
        b"1e999",
        b"-1e999",
        b'{"a": 1e400}',
        b"True",
        b"nul",
        b'"\\x41"',
        b'"\\u12"',
        b"1" * 4301,
        b"-" + b"1" * 5000,
    ],
    ids=lambda text: repr(text[:20]),
)
def test_what_is_not_json_for_everybody_is_refused(text: bytes) -> None:
    with pytest.raises(JsonError) as caught:
        decode(text)
    assert not isinstance(caught.value, DuplicateNameError)


@pytest.mark.parametrize(
    "text",
    [
        b'"\xff"',
        b'"\xc3"',
        b'"\xed\xa0\x80"',
        b'"\xc0\x80"',
        b'"\xf4\x90\x80\x80"',
        '{"a":1}'.encode("utf-16"),
        "{}".encode("utf-16-le"),
        "{}".encode("utf-32"),
        b"\xef\xbb\xbf{}",
    ],
    ids=repr,
)
def test_only_utf_8_without_a_mark_is_taken(text: bytes) -> None:
    with pytest.raises(JsonError):
        decode(text)


@pytest.mark.parametrize("depth", [5_000, 100_000, 1_000_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_what_nests_too_deep_is_refused(depth: int, opening: bytes, closing: bytes) -> None:
    with pytest.raises(JsonError, match="too deep"):
        decode(opening * depth + b"1" + closing * depth)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (b'{"a":1,"a":1}', "a"),
        (b'{"a":1,"b":2,"\\u0061":1}', "a"),
        (b'[{"x":{"y":1,"z":2,"y":3}}]', "y"),
        (b'{"":0,"":0}', ""),
        (b'{"a" :1,"a":1}', "a"),
        (b'{"a":":::","b":"::","a":1}', "a"),
        (b'{"params":{"a":1,"a":1}}', "a"),
        (b'{"params":{"a":{"b":1,"b":1}}}', "b"),
        (b'{"a":{"b":1,"c":2},"a":1}', "a"),
        (b'{"a":1,"b":"' + bytes(5000).replace(b"\0", b"x") + b'","a":1}', "a"),
    ],
    ids=lambda each: repr(each[:30]),
)
def test_a_name_given_twice_is_told(text: bytes, name: str) -> None:
    with pytest.raises(DuplicateNameError, match=f"'{name}' twice"):
        decode(text)


NAMES = st.sampled_from(["a", "b", ":", "a:", ""])
MEMBERS = st.recursive(
    st.sampled_from([1, "x", ":", '":', "::"]),
    lambda each: st.lists(each, max_size=2) | st.lists(st.tuples(NAMES, each), max_size=3).map(Pairs),
    max_leaves=8,
)


@given(st.lists(st.tuples(NAMES, MEMBERS), max_size=4).map(Pairs), st.sampled_from([":", " :", ": "]))
@example(Pairs([("a", 1), ("a", 1)]), " :")
def test_colons_prove_nothing_wrongly(written: Pairs, colon: str) -> None:
    text = written.text(colon).encode()
    if written.has_a_name_twice():
        with pytest.raises(DuplicateNameError):
            decode(text)
    else:
        assert decode(text) == json.loads(text)


def test_a_long_name_given_twice_is_told_in_short() -> None:
    with pytest.raises(DuplicateNameError) as caught:
        decode(b'{"%b":1,"%b":2}' % (b"n" * 5000, b"n" * 5000))
    assert len(str(caught.value)) < 200


def test_a_name_given_twice_among_many_is_found_as_fast_as_the_text_is_read() -> None:
    names = 20_000
    unique = "{" + ",".join(f'"name {number}":0' for number in range(names)) + "}"
    twice = unique[:-1] + f',"name {names - 1}":0}}'
    began = time.process_time()
    decode(unique.encode())
    unique_s = time.process_time() - began
    began = time.process_time()
    with pytest.raises(DuplicateNameError):
        decode(twice.encode())
    assert time.process_time() - began < 20 * unique_s + 0.2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b" \t\r\n null \n", None),
        (b"-0", 0),
        (b"1e3", 1000.0),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (b"1" * 4300, int("1" * 4300)),
        (b"5e-324", 5e-324),
        (b"1e-999", 0.0),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'"\\ud800"', "\ud800"),
        ('"é😀"'.encode(), "é😀"),
        (b'{"a":{"a":{"a":1}}}', {"a": {"a": {"a": 1}}}),
    ],
    ids=lambda each: repr(each)[:20],
)
def test_json_text_has_one_value(text: bytes, value: Any) -> None:
    assert decode(text) == value
    assert type(decode(text)) is type(value)


@given(JSON_VALUES)
def test_what_is_encoded_is_ascii_json_that_decodes_to_the_same(value: Any) -> None:
    text = encode(value)
    assert text.isascii()
    assert b"\n" not in text
    assert decode(text) == value
    assert json.loads(text) == value


def test_half_a_surrogate_pair_never_fails_the_writer() -> None:
    assert encode({"id": "\ud800"}) == b'{"id":"\\ud800"}'


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_json_cannot_say_is_never_written(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode([number])


# ---- how many values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("[1,2,3]", 4),
        ('{"a":1,"b":[true,null]}', 7),
        ('["a,b:c[d{e","\\\\",",\\","]', 4),
        ("[[],[],{}]", 4),
        ('"one, two: three"', 1),
        (' [ "a" , -1.5e3 , false ] ', 4),
    ],
)
def test_values_and_names_are_counted_and_what_stands_in_strings_is_not(text: str, values: int) -> None:
    assert decode(text.encode(), values) == json.loads(text)
    with pytest.raises(JsonError, match=f"more than {values - 1} values"):
        decode(text.encode(), values - 1)


@pytest.mark.parametrize("shape", ["[],", "0,", '"",', '{"":0},', ":,[{", '"\\"', "\\", "nonsense "])
def test_too_many_values_are_refused_before_anything_is_built_of_them(shape: str) -> None:
    text = f"[{shape * 1_000_000}0]".encode()
    tracemalloc.start()
    try:
        with pytest.raises(JsonError):
            decode(text, 1000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(text)  # The text of a syntax error's own position, at most.


def test_a_long_text_of_few_values_is_taken_whatever_stands_in_it() -> None:
    data = ",:[{" * 100_000
    assert decode(json.dumps([data]).encode(), 2) == [data]


@pytest.mark.parametrize("before", ["", " ", "\t\r\n "])
@pytest.mark.parametrize("behind", ["", " ", "\r\n\t "])
@pytest.mark.parametrize("text", ['{"a":[1]}', "[1]", "1", '"{"'])
def test_blanks_around_a_text_change_nothing(before: str, text: str, behind: str) -> None:
    assert decode((before + text + behind).encode()) == json.loads(text)


@pytest.mark.parametrize("text", ['{"a":1}x', '{"a":1} {}', '{"a":1}}', '{"a":1,"a":2}x', "{}\0"])
def test_what_stands_behind_a_text_is_refused_where_it_begins(text: str) -> None:
    with pytest.raises(JsonError) as refused:
        decode(text.encode())
    begins = text.index("}") + 1 + text.partition("}")[2].startswith(" ")
    assert str(refused.value) == f"The body is not JSON: Extra data: line 1 column {begins + 1} (char {begins})."
    assert not isinstance(refused.value, DuplicateNameError)
