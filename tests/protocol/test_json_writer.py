"""pipe_rpc/protocol/json_writer.py: whoever writes a message, it says the same."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipe_rpc.protocol.json_text import decode, encode
from pipe_rpc.protocol.json_writer import JsonWriter

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)


def fast_writer() -> JsonWriter:
    """One that has written so much that it uses the faster encoder."""
    writer = JsonWriter(import_behind_bytes=0)
    writer.write([])
    return writer


@given(VALUES)
def test_both_encoders_write_the_same_value(value: Any) -> None:
    written = fast_writer().write(value)
    assert json.loads(written) == json.loads(encode(value)) == value


@given(VALUES.filter(lambda value: "\\ud" not in json.dumps(value)))
def test_what_is_written_is_taken_by_our_own_reader(value: Any) -> None:
    assert decode(fast_writer().write(value)) == value


@pytest.mark.parametrize(
    "message",
    [
        {"id": 1 << 64},
        {"id": -(1 << 63) - 1},
        {"id": int("9" * 400)},
        {"id": "\ud800"},
        {"\udfff": 1},
    ],
)
def test_what_the_faster_encoder_cannot_say_is_said_exactly_all_the_same(message: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        orjson.dumps(message)
    assert json.loads(fast_writer().write(message)) == message


@pytest.mark.parametrize("behind_bytes", [0, 1, 10])
def test_the_faster_encoder_is_used_behind_so_many_bytes(behind_bytes: int) -> None:
    writer = JsonWriter(behind_bytes)
    text = "é"  # eight bytes as ASCII, four as UTF-8
    written = [len(writer.write(text)) for _ in range(4)]
    slow = behind_bytes // 8 + 1
    assert written == [8] * slow + [4] * (4 - slow)


@pytest.mark.parametrize("failure", [ImportError, OSError])
def test_where_it_cannot_be_imported_now_it_is_tried_again_later(
    monkeypatch: pytest.MonkeyPatch, failure: Callable[[], Exception]
) -> None:
    class Unreadable:
        tried = 0

        def find_spec(self, name: str, *_: object) -> None:
            if name == "orjson":
                self.tried += 1
                raise failure()

    finder = Unreadable()
    writer = JsonWriter(import_behind_bytes=10)
    with monkeypatch.context() as patch:
        patch.delitem(sys.modules, "orjson")
        patch.setattr(sys, "meta_path", [finder, *sys.meta_path])
        for _ in range(6):
            assert writer.write("é") == b'"\\u00e9"'
    assert finder.tried == 3, "once behind each ten bytes and more"
    for _ in range(2):
        writer.write("é")
    assert writer.write("é") == '"é"'.encode()


def test_a_server_that_says_little_never_imports_it() -> None:
    script = (
        "import sys; from pipe_rpc.protocol import envelope\n"
        "for number in range(100): envelope.encode_result(number, {'x': 'y' * 100})\n"
        "print('orjson' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"
