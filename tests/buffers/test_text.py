"""Raw output as JSON text: whole characters, honest replacement, exact base64."""

from base64 import b64decode

import pytest

from pipe_rpc.buffers.text import LONGEST_CHARACTER_BYTES, EncodedPiece, Encoding, encode_piece

CHARACTERS = ["a", "\0", "ä", "€", "😀", "\U0010ffff", "\ufeff"]
UNFINISHED = [
    pytest.param(character.encode()[:cut], id=f"{cut} of {len(character.encode())}")
    for character in ["ä", "€", "😀"]
    for cut in range(1, len(character.encode()))
]
NO_UTF_8 = [
    pytest.param(b"\xff", "\ufffd", id="a byte that is in no character"),
    pytest.param(b"\x80", "\ufffd", id="a lone continuation"),
    pytest.param(b"\xc3(", "\ufffd(", id="a broken off character"),
    pytest.param(b"\xed\xa0\x80", "\ufffd\ufffd\ufffd", id="a surrogate"),
    pytest.param(b"\xc0\xaf", "\ufffd\ufffd", id="an overlong slash"),
    pytest.param(b"\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd", id="beyond U+10FFFF"),
]


def test_the_wire_knows_three_encodings() -> None:
    assert [encoding.value for encoding in Encoding] == ["utf-8", "base64", "auto"]


def test_no_character_is_longer_than_the_longest() -> None:
    assert max(len(chr(code).encode()) for code in (0x7F, 0x7FF, 0xFFFF, 0x10FFFF)) == LONGEST_CHARACTER_BYTES


@pytest.mark.parametrize("final", [False, True])
@pytest.mark.parametrize("encoding", [Encoding.UTF_8, Encoding.AUTO])
@pytest.mark.parametrize("character", CHARACTERS)
def test_whole_characters_are_sent_at_once(character: str, encoding: Encoding, final: bool) -> None:
    data = character.encode()
    assert encode_piece(data, encoding, final=final) == EncodedPiece(len(data), character, Encoding.UTF_8)


@pytest.mark.parametrize("encoding", [Encoding.UTF_8, Encoding.AUTO])
def test_control_characters_and_line_ends_stay_as_they_are(encoding: Encoding) -> None:
    data = b"50%\r100%\r\n\x1b[1mdone\x1b[0m\n"
    assert encode_piece(data, encoding, final=False) == EncodedPiece(len(data), data.decode(), Encoding.UTF_8)


@pytest.mark.parametrize("encoding", [Encoding.UTF_8, Encoding.AUTO])
@pytest.mark.parametrize("unfinished", UNFINISHED)
def test_an_unfinished_character_is_held_back(unfinished: bytes, encoding: Encoding) -> None:
    assert encode_piece(b"abc" + unfinished, encoding, final=False) == EncodedPiece(3, "abc", Encoding.UTF_8)


@pytest.mark.parametrize("encoding", [Encoding.UTF_8, Encoding.AUTO])
@pytest.mark.parametrize("unfinished", UNFINISHED)
def test_nothing_but_an_unfinished_character_waits_as_a_whole(unfinished: bytes, encoding: Encoding) -> None:
    assert encode_piece(unfinished, encoding, final=False) == EncodedPiece(0, "", Encoding.UTF_8)


@pytest.mark.parametrize("unfinished", UNFINISHED)
def test_at_the_end_an_unfinished_character_becomes_one_replacement_character(unfinished: bytes) -> None:
    piece = encode_piece(b"abc" + unfinished, Encoding.UTF_8, final=True)
    assert piece == EncodedPiece(3 + len(unfinished), "abc\ufffd", Encoding.UTF_8)


@pytest.mark.parametrize("unfinished", UNFINISHED)
def test_at_the_end_an_unfinished_character_makes_auto_send_base64(unfinished: bytes) -> None:
    data = b"abc" + unfinished
    length, text, encoding = encode_piece(data, Encoding.AUTO, final=True)
    assert (length, encoding) == (len(data), Encoding.BASE64)
    assert b64decode(text, validate=True) == data


@pytest.mark.parametrize("final", [False, True])
@pytest.mark.parametrize(("data", "text"), NO_UTF_8)
def test_what_cannot_be_utf_8_becomes_replacement_characters_at_once(data: bytes, text: str, final: bool) -> None:
    piece = encode_piece(b"<" + data + b">", Encoding.UTF_8, final=final)
    assert piece == EncodedPiece(len(data) + 2, f"<{text}>", Encoding.UTF_8)


@pytest.mark.parametrize("final", [False, True])
@pytest.mark.parametrize(("data", "_text"), NO_UTF_8)
def test_what_cannot_be_utf_8_makes_auto_send_the_whole_piece_as_base64(data: bytes, _text: str, final: bool) -> None:
    whole = b"text before" + data + b"text behind"
    length, text, encoding = encode_piece(whole, Encoding.AUTO, final=final)
    assert (length, encoding) == (len(whole), Encoding.BASE64)
    assert b64decode(text, validate=True) == whole


@pytest.mark.parametrize("final", [False, True])
@pytest.mark.parametrize(
    ("data", "text"),
    [(b"", ""), (b"a", "YQ=="), (b"ab", "YWI="), (b"abc", "YWJj"), (b"\xfb\xff\xc3", "+//D")],
)
def test_base64_takes_every_byte_in_the_standard_alphabet_without_a_line_end(
    data: bytes, text: str, final: bool
) -> None:
    assert encode_piece(data, Encoding.BASE64, final=final) == EncodedPiece(len(data), text, Encoding.BASE64)


def test_long_base64_is_one_line() -> None:
    assert encode_piece(bytes(48 * 1024), Encoding.BASE64, final=False).text == "A" * (64 * 1024)


@pytest.mark.parametrize("final", [False, True])
@pytest.mark.parametrize("encoding", [Encoding.UTF_8, Encoding.AUTO])
def test_no_bytes_are_empty_text(encoding: Encoding, final: bool) -> None:
    assert encode_piece(b"", encoding, final=final) == EncodedPiece(0, "", Encoding.UTF_8)
