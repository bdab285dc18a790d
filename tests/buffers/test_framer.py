"""Frames: what is accepted, what loses the boundary, and what it may cost."""

import pytest

from pipe_rpc.buffers.framer import Framer, FramingError, encode_frame

MAX_HEADER_BYTES = 64
MAX_BODY_BYTES = 1000


def new_framer(*, max_header_bytes: int = MAX_HEADER_BYTES, max_body_bytes: int = MAX_BODY_BYTES) -> Framer:
    return Framer(max_header_bytes=max_header_bytes, max_body_bytes=max_body_bytes)


def bodies_of(framer: Framer) -> list[bytes]:
    return list(iter(framer.next_body, None))


def failure_of(framer: Framer) -> str:
    with pytest.raises(FramingError) as caught:
        framer.next_body()
    return str(caught.value)


def failure_after(header: bytes) -> str:
    framer = new_framer()
    framer.feed(header + b"\r\n\r\n{}")
    return failure_of(framer)


# ------------------------------------------------------------------------------------------------------ encoding


@pytest.mark.parametrize(
    ("body", "frame"),
    [
        (b"", b"Content-Length: 0\r\n\r\n"),
        (b"{}", b"Content-Length: 2\r\n\r\n{}"),
        ("€".encode(), b"Content-Length: 3\r\n\r\n\xe2\x82\xac"),
    ],
)
def test_a_frame_counts_its_body_in_bytes(body: bytes, frame: bytes) -> None:
    assert encode_frame(body) == frame


def test_what_was_encoded_comes_out_again() -> None:
    framer = new_framer()
    framer.feed(encode_frame(b"\r\n\r\n\0\xff"))
    assert bodies_of(framer) == [b"\r\n\r\n\0\xff"]


# -------------------------------------------------------------------------------------------------- whole frames


def test_a_new_framer_has_nothing() -> None:
    framer = new_framer()
    assert framer.next_body() is None
    assert framer.pending_bytes == 0


def test_a_body_is_of_its_own_and_does_not_keep_the_stream() -> None:
    framer = new_framer()
    framer.feed(encode_frame(b"abc"))
    body = framer.next_body()
    assert type(body) is bytes
    framer.feed(encode_frame(b"xyz"))
    assert (body, framer.next_body()) == (b"abc", b"xyz")


def test_many_frames_of_one_feed_come_out_one_by_one_in_order() -> None:
    framer = new_framer()
    framer.feed(b"".join(encode_frame(b"%d" % number) for number in range(10_000)))
    assert bodies_of(framer) == [b"%d" % number for number in range(10_000)]
    assert framer.pending_bytes == 0


def test_an_empty_body_is_a_body() -> None:
    framer = new_framer()
    framer.feed(encode_frame(b"") + encode_frame(b"x"))
    assert bodies_of(framer) == [b"", b"x"]


def test_a_body_waits_for_its_last_byte() -> None:
    framer = new_framer()
    framer.feed(b"Content-Length: 3\r\n\r\nab")
    assert framer.next_body() is None
    assert framer.next_body() is None
    framer.feed(b"c")
    assert framer.next_body() == b"abc"


def test_a_header_waits_for_its_last_byte() -> None:
    framer = new_framer()
    framer.feed(b"Content-Length: 0\r\n\r")
    assert framer.next_body() is None
    framer.feed(b"\n")
    assert framer.next_body() == b""


def test_frames_fed_byte_by_byte_come_out_as_soon_as_they_are_whole() -> None:
    framer = new_framer()
    came_out_after: dict[int, bytes] = {}
    for number, byte in enumerate(encode_frame(b"ab") + encode_frame(b"c"), start=1):
        framer.feed(bytes([byte]))
        for body in bodies_of(framer):
            came_out_after[number] = body
    assert came_out_after == {len(encode_frame(b"ab")): b"ab", len(encode_frame(b"ab") + encode_frame(b"c")): b"c"}


def test_what_is_not_handed_out_yet_is_pending() -> None:
    framer = new_framer()
    framer.feed(encode_frame(b"abc") + b"Content-")
    assert framer.pending_bytes == len(encode_frame(b"abc")) + 8
    assert framer.next_body() == b"abc"
    assert framer.pending_bytes == 8
    assert framer.next_body() is None
    framer.feed(b"Length: 5\r\n\r\nab")
    assert framer.pending_bytes == len(b"Content-Length: 5\r\n\r\nab")
    assert framer.next_body() is None
    assert framer.pending_bytes == 2
    framer.feed(b"cde")
    assert framer.next_body() == b"abcde"
    assert framer.pending_bytes == 0


# ------------------------------------------------------------------------------------------------------- headers


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(b"content-length: 2", id="lower case"),
        pytest.param(b"CONTENT-LENGTH: 2", id="upper case"),
        pytest.param(b"Content-Length:2", id="no blank"),
        pytest.param(b"Content-Length: \t 2\t ", id="blanks and tabs around the value"),
        pytest.param(b"Content-Length: 0000000000000000002", id="leading zeros, 19 digits"),
        pytest.param(b"Content-Length: 2\r\ncontent-length: 02", id="given twice, equal"),
        pytest.param(b"X-Unknown: a: b\r\nContent-Length: 2", id="an unknown field with a colon inside"),
        pytest.param(b"Empty:\r\nContent-Length: 2", id="an unknown field without a value"),
        pytest.param(b"Content-Length: 2\r\nContent-Type: text/plain", id="a type without a charset"),
        pytest.param(b"Content-Length: 2\r\nContent-Type: a/b; charset=utf-8", id="utf-8"),
        pytest.param(b"Content-Length: 2\r\nContent-Type: a/b;charset=utf8", id="utf8"),
        pytest.param(b"Content-Length: 2\r\nContent-Type: a/b; Charset = UTF-8", id="UTF-8 in upper case"),
        pytest.param(b'Content-Length: 2\r\nContent-Type: a/b; charset="utf-8"', id="utf-8 in quotes"),
        pytest.param(b"Content-Length: 2\r\nContent-Type: a/b; version=utf-16", id="another parameter"),
        pytest.param(b"Content-Length: 2\r\nX-Type: a/b; charset=utf-16", id="a charset of another field"),
        pytest.param(b"Content-Length: 2\r\nContent-Type: charset=utf-16", id="a charset in the place of the type"),
    ],
)
def test_a_header_in_any_legal_spelling_is_accepted(header: bytes) -> None:
    framer = new_framer()
    framer.feed(header + b"\r\n\r\n{}" + encode_frame(b"next"))
    assert bodies_of(framer) == [b"{}", b"next"]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"-2", id="negative"),
        pytest.param(b"+2", id="with a plus"),
        pytest.param(b"2 2", id="two numbers"),
        pytest.param(b"1_0", id="an underscore"),
        pytest.param(b"0x2", id="hexadecimal"),
        pytest.param(b"2e0", id="an exponent"),
        pytest.param(b"2.0", id="a fraction"),
        pytest.param(b"2\r", id="a second CR"),
        pytest.param("٢".encode(), id="another script's digit"),
        pytest.param(b"\xb2", id="a superscript of latin-1"),
        pytest.param(b"0" * 20, id="20 digits"),
        pytest.param(b"2\0", id="NUL"),
    ],
)
def test_a_length_that_is_no_plain_number_loses_the_boundary(value: bytes) -> None:
    shown = ascii(value.decode("latin-1"))
    assert failure_after(b"Content-Length: " + value) == f"Content-Length {shown} is not a decimal number of bytes."


def test_a_length_of_thousands_of_digits_is_refused_unread() -> None:
    framer = new_framer(max_header_bytes=8192)
    framer.feed(b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n")
    assert failure_of(framer) == f"Content-Length '{'9' * 40}' is not a decimal number of bytes."


@pytest.mark.parametrize(
    ("header", "size"),
    [
        pytest.param(b"garbage", len(b"garbage\r"), id="no colon"),
        pytest.param(b"", len(b"\r"), id="no field at all"),
        pytest.param(b": 2", len(b": 2\r"), id="no name"),
        pytest.param(b" Content-Length: 2", len(b" Content-Length: 2\r"), id="a blank before the name"),
        pytest.param(b"Content-Length : 2", len(b"Content-Length : 2\r"), id="a blank before the colon"),
        pytest.param(b"\tContent-Length: 2", len(b"\tContent-Length: 2\r"), id="a tab before the name"),
        pytest.param(b"X: a\r\n folded: b\r\nContent-Length: 2", len(b" folded: b\r"), id="a folded line"),
        pytest.param(b"Content-Length: 2\nX: y", len(b"Content-Length: 2"), id="a bare LF"),
        pytest.param(b"Content-Length: 2\n", len(b"Content-Length: 2"), id="a bare LF at the end"),
        pytest.param(b"\xff\xfe\0", len(b"\xff\xfe\0\r"), id="binary"),
        pytest.param(b"x" * 50, len(b"x" * 50 + b"\r"), id="long"),
    ],
)
def test_a_line_that_is_no_field_loses_the_boundary(header: bytes, size: int) -> None:
    expected = f"A header line of {size} bytes is no field. Each is 'Name: value' and ends in CR LF."
    assert failure_after(header) == expected


@pytest.mark.parametrize("line", [b"garbage\r\n", b"Content-Length: 2\n", b"\r\n", b"X: y\r\n folded: z\r\n"])
def test_a_whole_line_that_is_no_field_loses_the_boundary_before_the_header_ends(line: bytes) -> None:
    framer = new_framer()
    framer.feed(line[:-1])
    assert framer.next_body() is None
    framer.feed(line[-1:])
    assert "is no field" in failure_of(framer)


def test_an_unfinished_line_is_not_judged() -> None:
    framer = new_framer()
    framer.feed(b"X: y\r\nContent-")
    assert framer.next_body() is None
    framer.feed(b"Length: 0\r\n\r\n")
    assert framer.next_body() == b""


def test_a_header_without_a_length_loses_the_boundary() -> None:
    assert failure_after(b"Content-Type: text/plain") == (
        "The header has no Content-Length. Each frame begins with 'Content-Length: N'."
    )


@pytest.mark.parametrize("second", [b"3", b"1"])
def test_two_different_lengths_lose_the_boundary(second: bytes) -> None:
    assert failure_after(b"Content-Length: 2\r\nContent-Length: " + second) == (
        "Content-Length is given twice, with different values. Give it once."
    )


@pytest.mark.parametrize(
    ("content_type", "shown"),
    [
        (b"a/b; charset=utf-16", "'utf-16'"),
        (b"a/b; version=1; CHARSET=Latin-1", "'Latin-1'"),
        (b"a/b; charset=utf-8; charset=x", "'x'"),
        (b"a/b; charset=", "''"),
        (b"a/b; charset", "''"),
    ],
)
def test_a_charset_other_than_utf_8_loses_the_boundary(content_type: bytes, shown: str) -> None:
    header = b"Content-Length: 2\r\nContent-Type: " + content_type
    assert failure_after(header) == f"Content-Type names the charset {shown}. Bodies are utf-8."


# -------------------------------------------------------------------------------------------------------- limits


def test_a_body_of_exactly_the_limit_is_accepted() -> None:
    framer = new_framer()
    framer.feed(encode_frame(bytes(MAX_BODY_BYTES)))
    assert framer.next_body() == bytes(MAX_BODY_BYTES)


def test_a_body_above_the_limit_is_refused_before_it_comes() -> None:
    framer = new_framer()
    framer.feed(b"Content-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1))
    assert failure_of(framer) == (
        "Content-Length 1001 is above the frame limit of 1000 bytes. "
        "Send less at once, or start the server with a larger --max-frame-bytes."
    )


def test_the_largest_length_that_can_be_written_is_refused_as_too_large() -> None:
    framer = new_framer()
    framer.feed(b"Content-Length: 9999999999999999999\r\n\r\n")
    assert failure_of(framer).startswith("Content-Length 9999999999999999999 is above the frame limit")


def padded_header(size: int) -> bytes:
    header = b"Content-Length: 1\r\nX: "
    return header + b"x" * (size - len(header))


def test_a_header_of_exactly_the_limit_is_accepted() -> None:
    framer = new_framer()
    framer.feed(padded_header(MAX_HEADER_BYTES) + b"\r\n\r\nx")
    assert framer.next_body() == b"x"


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_header_of_exactly_the_limit_is_accepted_where_its_end_comes_in_two_reads(cut: int) -> None:
    framer = new_framer()
    framer.feed(padded_header(MAX_HEADER_BYTES) + b"\r\n\r\n"[:cut])
    assert framer.next_body() is None
    framer.feed(b"\r\n\r\n"[cut:] + b"x")
    assert framer.next_body() == b"x"


def test_a_header_above_the_limit_is_refused() -> None:
    framer = new_framer()
    framer.feed(padded_header(MAX_HEADER_BYTES + 1) + b"\r\n\r\nx")
    assert failure_of(framer) == (
        "The header is larger than 64 bytes. A header is 'Content-Length: N', CR LF, and an empty line."
    )


def test_a_header_that_never_ends_is_refused_before_it_fills_the_memory() -> None:
    framer = new_framer()
    for _ in range(MAX_HEADER_BYTES):
        framer.feed(b"x")
        assert framer.next_body() is None
    framer.feed(b"\r\n\rx")
    assert failure_of(framer).startswith("The header is larger than 64 bytes.")


def test_the_header_limit_is_counted_for_each_frame_alone() -> None:
    framer = new_framer()
    frame = padded_header(MAX_HEADER_BYTES) + b"\r\n\r\nx"
    framer.feed(frame * 3)
    assert bodies_of(framer) == [b"x", b"x", b"x"]
    framer.feed(frame[:60])
    assert framer.next_body() is None
    framer.feed(frame[60:] + frame)
    assert bodies_of(framer) == [b"x", b"x"]


# ------------------------------------------------------------------------------------------------- after a failure


def test_frames_before_the_lost_boundary_are_handed_out_first() -> None:
    framer = new_framer()
    framer.feed(encode_frame(b"one") + encode_frame(b"two") + b"garbage\r\n\r\n" + encode_frame(b"three"))
    assert framer.next_body() == b"one"
    assert framer.next_body() == b"two"
    assert failure_of(framer).startswith("A header line of 8 bytes is no field.")


def test_a_lost_boundary_is_never_found_again() -> None:
    framer = new_framer()
    framer.feed(b"garbage\r\n\r\n")
    first = failure_of(framer)
    framer.feed(encode_frame(b"never a request"))
    assert failure_of(framer) == first
    assert failure_of(framer) == first


def test_a_body_longer_than_declared_loses_the_boundary_behind_it() -> None:
    framer = new_framer()
    framer.feed(b"Content-Length: 2\r\n\r\n{}}\r\n" + encode_frame(b"{}"))
    assert framer.next_body() == b"{}"
    assert failure_of(framer).startswith("A header line of 2 bytes is no field.")


@pytest.mark.parametrize("rest", [b"canary-5d1f", b"canary-5d1f: canary-5d1f", b'","password":"canary-5d1f"}'])
def test_what_may_be_out_of_a_body_is_not_quoted(rest: bytes) -> None:
    framer = new_framer()
    framer.feed(b"Content-Length: 2\r\n\r\n{}" + rest + b"\n" + encode_frame(b"{}"))
    assert framer.next_body() == b"{}"
    failure = failure_of(framer)
    assert "canary" not in failure
    assert failure.startswith(f"A header line of {len(rest)} bytes is no field.")


# ---------------------------------------------------------------------------------------------------------- cost


class CountingBuffer(bytearray):
    """Counts the bytes that are searched."""

    searched = 0

    def find(self, sub: object, start: object = 0, end: object = None) -> int:
        assert isinstance(sub, bytes)
        assert isinstance(start, int)
        assert end is None
        self.searched += len(self) - start
        return super().find(sub, start)


@pytest.mark.parametrize("frames", [1, 5])
def test_one_byte_feeds_search_each_byte_of_the_stream_a_few_times_only(frames: int) -> None:
    framer = new_framer(max_header_bytes=5000)
    framer._buffer = buffer = CountingBuffer()
    stream = (padded_header(4000) + b"\r\n\r\nx") * frames
    bodies: list[bytes] = []
    for byte in stream:
        framer.feed(bytes([byte]))
        bodies += bodies_of(framer)
    assert bodies == [b"x"] * frames
    assert len(stream) <= buffer.searched <= 4 * len(stream)


def test_a_body_that_comes_byte_by_byte_is_not_searched() -> None:
    framer = new_framer()
    framer._buffer = buffer = CountingBuffer()
    frame = encode_frame(bytes(MAX_BODY_BYTES))
    framer.feed(frame[:-MAX_BODY_BYTES])
    assert framer.next_body() is None
    searched = buffer.searched
    for byte in frame[-MAX_BODY_BYTES:]:
        assert framer.next_body() is None
        framer.feed(bytes([byte]))
    assert buffer.searched == searched
    assert framer.next_body() == bytes(MAX_BODY_BYTES)


def test_frames_that_were_handed_out_leave_the_memory_with_the_next_feed() -> None:
    framer = new_framer()
    for _ in range(100):
        framer.feed(encode_frame(bytes(MAX_BODY_BYTES)))
        assert framer.next_body() == bytes(MAX_BODY_BYTES)
    assert len(framer._buffer) == len(encode_frame(bytes(MAX_BODY_BYTES)))
