"""However a stream is cut into reads, the same bodies come out of it and it fails in the same place."""

from itertools import pairwise
from typing import NamedTuple

from hypothesis import example, given
from hypothesis import strategies as st

from pipe_rpc.buffers.framer import Framer, FramingError, encode_frame

MAX_HEADER_BYTES = 40
MAX_BODY_BYTES = 30


class Outcome(NamedTuple):
    """What came out, and whether the boundary was lost behind it. Of two faults in one header either may be named."""

    bodies: list[bytes]
    failed: bool


class Stream(NamedTuple):
    data: bytes
    cuts: list[int]

    @property
    def chunks(self) -> list[bytes]:
        edges = [0, *self.cuts, len(self.data)]
        return [self.data[begin:end] for begin, end in pairwise(edges)]


def frames_in(chunks: list[bytes]) -> Outcome:
    framer = Framer(max_header_bytes=MAX_HEADER_BYTES, max_body_bytes=MAX_BODY_BYTES)
    bodies: list[bytes] = []
    fed = 0
    for chunk in chunks:
        framer.feed(chunk)
        fed += len(chunk)
        assert framer.pending_bytes <= fed
        try:
            while (body := framer.next_body()) is not None:
                bodies.append(body)
        except FramingError:
            return Outcome(bodies, failed=True)
    return Outcome(bodies, failed=False)


bodies = st.binary(max_size=MAX_BODY_BYTES) | st.sampled_from([b"{}", b"\r\n\r\n", b"Content-Length: 1\r\n\r\n"])


@st.composite
def padded_frames(draw: st.DrawFn) -> bytes:
    """A legal frame whose header is just below, at, or just above the limit."""
    body = draw(bodies)
    name = draw(st.sampled_from([b"Content-Length: ", b"content-length:", b"CONTENT-LENGTH:\t"]))
    header = b"X: \r\n" + name + b"%d" % len(body)
    size = draw(st.integers(MAX_HEADER_BYTES - 3, MAX_HEADER_BYTES + 2))
    return header.replace(b"X: ", b"X: " + b"x" * (size - len(header))) + b"\r\n\r\n" + body


header_lines = st.sampled_from(
    [
        b"Content-Length: 2",
        b"Content-Length: 02",
        b"Content-Length: 3",
        b"Content-Length: -1",
        b"Content-Length: 31",
        b"Content-Length: 99999999999999999999",
        b"Content-Length : 2",
        b"Content-Length: 2\n",
        b"Content-Type: a; charset=utf8",
        b"Content-Type: a; charset=x",
        b"garbage",
        b"",
        b" ",
        b"X: y",
        b"\xff\0",
    ]
)
doubtful_frames = st.builds(
    lambda lines, body: b"\r\n".join(lines) + b"\r\n\r\n" + body, st.lists(header_lines, max_size=3), bodies
)
pieces = st.one_of(
    bodies.map(encode_frame),
    padded_frames(),
    doubtful_frames,
    st.binary(max_size=50),
    st.text(alphabet="\r\n: 1x", max_size=12).map(str.encode),
)


@st.composite
def streams(draw: st.DrawFn, data: st.SearchStrategy[bytes]) -> Stream:
    drawn = draw(data)
    cuts = draw(st.lists(st.integers(0, len(drawn)), max_size=12)) if drawn else []
    return Stream(drawn, sorted(cuts))


LONGEST_HEADER = b"Content-Length: 1\r\nX:".ljust(MAX_HEADER_BYTES, b"x") + b"\r\n\r\nx"


@given(streams(st.lists(pieces, max_size=6).map(b"".join)))
@example(Stream(LONGEST_HEADER, [MAX_HEADER_BYTES + 1]))
@example(Stream(LONGEST_HEADER, [MAX_HEADER_BYTES + 2]))
@example(Stream(LONGEST_HEADER, [MAX_HEADER_BYTES + 3]))
def test_any_split_of_any_stream_gives_what_the_whole_gives(stream: Stream) -> None:
    whole = frames_in([stream.data])
    assert frames_in(stream.chunks) == whole
    assert frames_in([stream.data[at : at + 1] for at in range(len(stream.data))]) == whole


@given(st.lists(bodies, max_size=8).flatmap(lambda sent: st.tuples(st.just(sent), streams(st.just(joined(sent))))))
def test_any_split_of_encoded_bodies_gives_these_bodies(sent_and_stream: tuple[list[bytes], Stream]) -> None:
    sent, stream = sent_and_stream
    assert frames_in(stream.chunks) == Outcome(sent, failed=False)


@given(st.lists(bodies, max_size=4), doubtful_frames, st.binary(max_size=40))
def test_nothing_behind_a_lost_boundary_is_ever_handed_out(sent: list[bytes], doubtful: bytes, rest: bytes) -> None:
    begin = frames_in([joined(sent) + doubtful])
    assert begin.bodies[: len(sent)] == sent
    if begin.failed:
        assert frames_in([joined(sent) + doubtful + rest]) == begin
        assert frames_in([joined(sent), doubtful + encode_frame(rest[:MAX_BODY_BYTES])]) == begin


def joined(bodies_sent: list[bytes]) -> bytes:
    return b"".join(encode_frame(body) for body in bodies_sent)
