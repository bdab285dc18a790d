"""The JSON encoder alone: no server that writes JSON gets a child's output through faster."""

from collections.abc import Iterator
from time import perf_counter

import orjson

from pipe_rpc.limits import Limits

from .corpus import Corpus

PIECE_BYTES = Limits().max_output_bytes


def encoder_rate(corpus: Corpus) -> float:
    """Megabytes of `corpus`, which is text, that a second makes JSON strings of."""
    pieces = list(text_pieces(corpus.path.read_bytes()))
    started = perf_counter()
    for piece in pieces:
        orjson.dumps(piece.decode())
    return corpus.size_bytes / (perf_counter() - started) / 1e6


def text_pieces(data: bytes, piece_bytes: int = PIECE_BYTES) -> Iterator[bytes]:
    """All of `data` in pieces of at most so many bytes, none of which begins or ends inside a character."""
    start = 0
    while start < len(data):
        end = min(start + piece_bytes, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:  # A byte that goes on with a character (RFC 3629).
            end -= 1
        yield data[start:end]
        start = end
