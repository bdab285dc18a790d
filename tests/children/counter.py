"""Writes lines of 16 bytes with their numbers, so that each byte tells its offset: counter.py out|both BYTES.

It writes so many bytes to stdout, or to both streams; with 0 it never ends by itself.
"""

import os
import signal
import sys

LINE_BYTES = 16
BLOCK_LINES = 1024


def numbered(offset: int, length: int) -> bytes:
    """What is written from an offset on."""
    first = offset // LINE_BYTES
    lines = (offset + length) // LINE_BYTES + 1 - first
    text = b"".join([b"%015d\n" % number for number in range(first, first + lines)])
    return text[offset - first * LINE_BYTES :][:length]


def main() -> None:
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # No traceback among the numbers.
    streams = {"out": (1,), "both": (1, 2)}[sys.argv[1]]
    end = int(sys.argv[2])
    offset = 0
    while end == 0 or offset < end:
        size = BLOCK_LINES * LINE_BYTES if end == 0 else min(BLOCK_LINES * LINE_BYTES, end - offset)
        block = numbered(offset, size)
        for stream in streams:
            view = memoryview(block)
            while view:
                view = view[os.write(stream, view) :]
        offset += size


if __name__ == "__main__":
    main()
