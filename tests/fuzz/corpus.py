"""The committed inputs: valid conversations, nasty bodies, and streams whose frames are at fault.

``conversations/*.jsonl`` hold a message a line, ``bodies/*.body`` one body each, ``streams/*.stream`` raw bytes. Each
is named for what it is; an input that ever broke something is added as a body or a stream of its own.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from pipe_rpc.buffers.framer import encode_frame

CORPUS = Path(__file__).parent / "corpus"


class Corpus(NamedTuple):
    """Everything that there is, by name."""

    conversations: dict[str, list[bytes]]
    bodies: dict[str, bytes]
    streams: dict[str, bytes]

    def all_streams(self) -> dict[str, bytes]:
        """Each of them as the bytes of a whole stream."""
        return {
            **{name: b"".join(map(encode_frame, bodies)) for name, bodies in self.conversations.items()},
            **{name: encode_frame(body) for name, body in self.bodies.items()},
            **self.streams,
        }


@cache
def corpus() -> Corpus:
    """Read it, in the order of names."""
    return Corpus(
        {path.stem: path.read_bytes().splitlines() for path in sorted(CORPUS.glob("conversations/*.jsonl"))},
        {path.stem: path.read_bytes() for path in sorted(CORPUS.glob("bodies/*.body"))},
        {path.stem: path.read_bytes() for path in sorted(CORPUS.glob("streams/*.stream"))},
    )
