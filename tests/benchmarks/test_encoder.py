"""What the JSON encoder alone is given."""

import itertools

import pytest

from .corpus import Corpora, Kind
from .encoder import encoder_rate, text_pieces


@pytest.mark.parametrize("piece_bytes", [4, 5, 6, 7, 1000])
def test_pieces_are_short_enough_and_no_character_is_cut(piece_bytes: int) -> None:
    text = "aé第😀" * 50
    pieces = list(text_pieces(text.encode(), piece_bytes))
    assert "".join(piece.decode() for piece in pieces) == text
    assert all(0 < len(piece) <= piece_bytes for piece in pieces)
    # None is shorter than it has to be: the next one's first character would not have gone in.
    for piece, following in itertools.pairwise(pieces):
        assert len(piece) + len(following.decode()[0].encode()) > piece_bytes


def test_nothing_is_no_piece() -> None:
    assert list(text_pieces(b"")) == []


@pytest.mark.parametrize("kind", ["ansi", "cjk"])
def test_text_of_each_kind_is_encoded(kind: Kind) -> None:
    with Corpora(100_000) as corpora:
        assert encoder_rate(corpora.of(kind)) > 0
