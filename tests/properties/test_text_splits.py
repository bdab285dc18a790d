"""However output is cut into pieces, no character is split and no byte is lost."""

from base64 import b64decode
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from pipe_rpc.buffers.text import LONGEST_CHARACTER_BYTES, EncodedPiece, Encoding, encode_piece

characters = st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=6).map(str.encode)
mutilated = st.tuples(characters, st.integers(1, 3)).map(lambda drawn: drawn[0][: -drawn[1]])
traps = st.sampled_from(
    [b"\xff", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xf4\x90", b"\xc0\xaf", b"\0"]
)
any_bytes = st.lists(st.one_of(characters, mutilated, traps, st.binary(max_size=6)), max_size=8).map(b"".join)


@st.composite
def splits(draw: st.DrawFn, data: st.SearchStrategy[bytes]) -> list[bytes]:
    """The pieces in which some bytes arrive; some may be empty."""
    drawn = draw(data)
    edges = [0, *sorted(draw(st.lists(st.integers(0, len(drawn)), max_size=10))), len(drawn)]
    return [drawn[begin:end] for begin, end in pairwise(edges)]


def encoded(arriving: list[bytes], encoding: Encoding) -> list[tuple[bytes, EncodedPiece]]:
    """Encode as a stream does: what is held back goes before what arrives next. Raw bytes beside each piece."""
    sent: list[tuple[bytes, EncodedPiece]] = []
    waiting = b""
    for number, arrived in enumerate(arriving, start=1):
        waiting += arrived
        piece = encode_piece(waiting, encoding, final=number == len(arriving))
        sent.append((waiting[: piece.length], piece))
        waiting = waiting[piece.length :]
        assert len(waiting) < LONGEST_CHARACTER_BYTES
    assert waiting == b""
    return sent


@given(splits(any_bytes))
@example([b"\xf0", b"\x9f", b"\x98", b"\x80"])
@example([b"\xed", b"\xa0", b"\x80"])
@example([b"\xf0\x9f\x98", b""])
def test_any_split_of_any_bytes_gives_the_same_text(arriving: list[bytes]) -> None:
    sent = encoded(arriving, Encoding.UTF_8)
    assert {piece.encoding for _, piece in sent} == {Encoding.UTF_8}
    assert "".join(piece.text for _, piece in sent) == b"".join(arriving).decode("utf-8", "replace")


@given(splits(any_bytes))
def test_base64_is_exact_and_holds_nothing_back(arriving: list[bytes]) -> None:
    sent = encoded(arriving, Encoding.BASE64)
    assert {piece.encoding for _, piece in sent} == {Encoding.BASE64}
    assert [b64decode(piece.text, validate=True) for _, piece in sent] == arriving


@given(splits(any_bytes))
@example([b"\xc3", b"("])
@example([b"abc\xf0\x9f", b""])
def test_auto_loses_no_byte_and_uses_base64_only_for_what_is_no_text(arriving: list[bytes]) -> None:
    sent = encoded(arriving, Encoding.AUTO)
    for raw, piece in sent:
        assert piece.encoding is not Encoding.AUTO
        if piece.encoding is Encoding.UTF_8:
            assert piece.text.encode() == raw
        else:
            assert b64decode(piece.text, validate=True) == raw
            assert "\ufffd" in raw.decode("utf-8", "replace")
    assert b"".join(raw for raw, _ in sent) == b"".join(arriving)


@given(splits(st.text(alphabet=st.characters(codec="utf-8")).map(str.encode)))
def test_auto_never_takes_text_for_binary_because_it_was_cut(arriving: list[bytes]) -> None:
    sent = encoded(arriving, Encoding.AUTO)
    assert {piece.encoding for _, piece in sent} == {Encoding.UTF_8}
    assert "".join(piece.text for _, piece in sent) == b"".join(arriving).decode()


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=20))
def test_text_that_comes_byte_by_byte_is_sent_character_by_character(text: str) -> None:
    data = text.encode()
    sent = encoded([data[at : at + 1] for at in range(len(data))], Encoding.UTF_8)
    assert [piece.text for _, piece in sent if piece.text] == list(text)
