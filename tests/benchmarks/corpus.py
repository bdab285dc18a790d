"""What the bulk works stream: files of one kind of bytes each, so that a child needs no time to make them."""

import hashlib
import itertools
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

PERIOD_LINES = 4096
"""So many lines differ; then they repeat."""
PERIOD_BYTES = 1024 * 1024
"""So many bytes of binary data differ."""

Kind = Literal["log", "ansi", "cjk", "binary"]


@dataclass(frozen=True)
class Corpus:
    """A file of one kind of bytes."""

    path: Path
    size_bytes: int
    sha256: str


class Corpora:
    """One corpus of each kind, made when first asked for, gone with the `with` block."""

    def __init__(self, size_bytes: int) -> None:
        """`size_bytes` is the length of each."""
        self.size_bytes = size_bytes
        self._directory: Path | None = None
        self._made: dict[Kind, Corpus] = {}

    def of(self, kind: Kind) -> Corpus:
        """Exactly as long as was asked for, and whole characters only where it is text."""
        if kind not in self._made:
            self._made[kind] = self._make(kind)
        return self._made[kind]

    def _make(self, kind: Kind) -> Corpus:
        assert self._directory is not None, "use it in a with block"
        path = self._directory / kind
        digest = hashlib.sha256()
        with path.open("wb") as file:
            for piece in _pieces(kind, self.size_bytes):
                file.write(piece)
                digest.update(piece)
        return Corpus(path, self.size_bytes, digest.hexdigest())

    def __enter__(self) -> Self:
        self._directory = Path(tempfile.mkdtemp(prefix="pipe-rpc-corpora-"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._directory is not None
        shutil.rmtree(self._directory)


def _pieces(kind: Kind, size_bytes: int) -> Iterator[bytes]:
    """The period again and again."""
    period = _PERIODS[kind]()
    whole, rest_bytes = divmod(size_bytes, len(period))
    yield from itertools.repeat(period, whole)
    rest = period[:rest_bytes]
    # Where a character would be cut in two there are dots.
    yield rest if kind == "binary" else rest.decode("utf-8", "ignore").encode().ljust(rest_bytes, b".")


def _log() -> bytes:
    """ASCII, nothing to escape."""
    return b"".join(
        b"2025-01-01T12:%02d:%02d.%03dZ INFO worker-%02d request %06d served /api/v1/items/%d in %d ms, status 200\n"
        % (n // 60 % 60, n % 60, n * 7 % 1000, n % 16, n, n * 31 % 9973, n * 13 % 211)
        for n in range(PERIOD_LINES)
    )


def _ansi() -> bytes:
    """A coloured build log with quoted strings: many characters that JSON escapes."""
    return b"".join(
        b'\x1b[1;%dm%-7b\x1b[0m \x1b[2mstep %04d\x1b[0m compile "module_%d.c"\t\x1b[32m%d\x1b[0m/\x1b[36m64\x1b[0m\n'
        % (31 + n % 6, b"warning" if n % 5 == 0 else b"note", n, n * 31 % 9973, n % 64)
        for n in range(PERIOD_LINES)
    )


def _cjk() -> bytes:
    """Chinese and Japanese: three bytes a character nearly everywhere."""
    return "".join(
        f"第{n:04d}行 工作进程{n % 16}已处理请求{n * 31 % 9973} 耗时{n * 13 % 211}毫秒。処理は正常に終了しました。\n"
        for n in range(PERIOD_LINES)
    ).encode()


def _binary() -> bytes:
    """Every byte value, in no order."""
    return random.Random(20250101).randbytes(PERIOD_BYTES)


_PERIODS: dict[Kind, Callable[[], bytes]] = {"log": _log, "ansi": _ansi, "cjk": _cjk, "binary": _binary}
