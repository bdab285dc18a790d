"""The text that the bulk works stream: lines of a log, in a file, so that a child needs no time to make them."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PERIOD_LINES = 4096
"""So many lines differ; then they repeat."""


@dataclass(frozen=True)
class Corpus:
    """A file of ASCII log lines."""

    path: Path
    size_bytes: int
    sha256: str


@contextmanager
def log_lines(size_bytes: int) -> Iterator[Corpus]:
    """A temporary file of `size_bytes`, gone with the block."""
    lines = b"".join(
        b"2025-01-01T12:%02d:%02d.%03dZ INFO worker-%02d request %06d served /api/v1/items/%d in %d ms, status 200\n"
        % (n // 60 % 60, n % 60, n * 7 % 1000, n % 16, n, n * 31 % 9973, n * 13 % 211)
        for n in range(PERIOD_LINES)
    )
    with tempfile.NamedTemporaryFile(prefix="pipe-rpc-corpus-") as file:
        digest = hashlib.sha256()
        left = size_bytes
        while left:
            piece = lines[:left]
            file.write(piece)
            digest.update(piece)
            left -= len(piece)
        file.flush()
        yield Corpus(Path(file.name), size_bytes, digest.hexdigest())
