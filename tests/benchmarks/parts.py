"""What single parts of the server take, without the others."""

import os
from collections.abc import Iterator

from pybase64 import b64encode_as_string

from pipe_rpc.buffers.framer import Framer, encode_frame
from pipe_rpc.buffers.ring import Ring
from pipe_rpc.limits import Limits
from pipe_rpc.loop.loop import READ, Loop
from pipe_rpc.protocol.json_writer import JsonWriter

from .corpus import Corpora, Kind
from .encoder import PIECE_BYTES, text_pieces
from .sizes import MIB
from .stopwatch import Figure, timed

SMALL_FRAMES = 100
SMALL_BODY = (
    b'{"jsonrpc":"2.0","id":1000,"method":"session/info","params":{"sessionId":"pipe-0000000000000000-00000001"}}'
)
READ_BYTES = 64 * 1024
KINDS: dict[Kind, str] = {"log": "log lines", "ansi": "coloured text", "cjk": "CJK text"}


def parts(repeats: int) -> Iterator[Figure]:
    """Each is done so often, those that work on much a tenth of that."""
    yield from _ring(repeats)
    yield from _framer(repeats)
    yield from _encoder(repeats)
    yield _turn(repeats)


def _ring(repeats: int) -> Iterator[Figure]:
    ring = Ring(MIB)
    for size_bytes in (32, PIECE_BYTES):
        data = b"x" * size_bytes
        yield timed(f"ring: append {size_bytes:,} bytes", lambda: ring.append(data), repeats, size_bytes=size_bytes)  # noqa: B023 - called before the next turn
    for size_bytes in (32, PIECE_BYTES):
        yield timed(
            f"ring: read {size_bytes:,} bytes",
            lambda: ring.read(ring.end - size_bytes, size_bytes),  # noqa: B023 - called before the next turn
            repeats,
            size_bytes=size_bytes,
        )
    ring.close()


def _framer(repeats: int) -> Iterator[Figure]:
    limits = Limits()
    framer = Framer(max_header_bytes=limits.max_header_bytes, max_body_bytes=limits.max_frame_bytes)

    def bodies(data: bytes) -> int:
        count = 0
        for start in range(0, len(data), READ_BYTES):
            framer.feed(memoryview(data)[start : start + READ_BYTES])
            while framer.next_body() is not None:
                count += 1
        return count

    small, large = encode_frame(SMALL_BODY) * SMALL_FRAMES, encode_frame(b"x" * MIB)
    assert (bodies(small), bodies(large)) == (SMALL_FRAMES, 1)
    name = f"framer: a frame of {len(SMALL_BODY)} bytes, of {SMALL_FRAMES} at once"
    yield timed(name, lambda: bodies(small), repeats, SMALL_FRAMES, len(SMALL_BODY))
    yield timed("framer: a frame of 1 MiB", lambda: bodies(large), _few(repeats), size_bytes=MIB)


def _encoder(repeats: int) -> Iterator[Figure]:
    few = _few(repeats)
    writer = JsonWriter(import_behind_bytes=0)
    writer.write({})
    with Corpora(MIB) as corpora:
        raw = {kind: next(text_pieces(corpora.of(kind).path.read_bytes())) for kind in KINDS}
    texts = {KINDS[kind]: (data.decode(), len(data)) for kind, data in raw.items()}
    texts["base64"] = (b64encode_as_string(raw["log"]), len(raw["log"]))
    for name, (text, size_bytes) in texts.items():
        params = {"sessionId": "pipe-0000000000000000-00000001", "stream": "stdout", "offset": 0, "length": size_bytes}
        message = {"jsonrpc": "2.0", "method": "session/output", "params": {**params, "data": text}}
        # A text that is not ASCII keeps its UTF-8 once that was asked for, so each repetition has one of its own.
        fresh = iter([message | {"params": {**params, "data": text[:-1] + text[-1]}} for _ in range(few)])
        label = f"encoder: {PIECE_BYTES // 1024} KiB of {name}"
        yield timed(label, lambda: writer.write(next(fresh)), few, size_bytes=size_bytes)  # noqa: B023 - called before the next turn


def _few(repeats: int) -> int:
    return max(1, repeats // 10)


def _turn(repeats: int) -> Figure:
    """A pipe that stays readable, since nobody reads it."""
    read_fd, write_fd = os.pipe()
    os.write(write_fd, b"x")
    loop = Loop()
    loop.watch(read_fd, READ, lambda: None)
    try:
        return timed("loop: a turn with one ready descriptor", loop.run_turn, repeats)
    finally:
        loop.close()
        os.close(read_fd)
        os.close(write_fd)
