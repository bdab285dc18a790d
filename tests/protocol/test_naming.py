"""pipe_rpc/protocol/naming.py."""

import attrs
import pytest

from pipe_rpc.protocol import types
from pipe_rpc.protocol.naming import wire_name


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("argv", "argv"),
        ("session_id", "sessionId"),
        ("max_rss_bytes", "maxRssBytes"),
        ("older_than_ms", "olderThanMs"),
        ("", ""),
    ],
)
def test_words_become_camel_case(name: str, wire: str) -> None:
    assert wire_name(name) == wire


@pytest.mark.parametrize("name", types.__all__)
def test_no_two_members_of_a_message_share_a_name_on_the_wire(name: str) -> None:
    names = [wire_name(field.name) for field in attrs.fields(getattr(types, name))]
    assert len(set(names)) == len(names)
    assert all(each.isalnum() and each[0].islower() for each in names)
