"""Writes the first N bytes of a fixed pattern to a stream: spew.py stdout|stderr N [GATE]; then reports to GATE."""

import os
import sys

BLOCK_BYTES = 1 << 16


def pattern(length: int) -> bytes:
    """The pattern: numbered lines of UTF-8 text with characters of one to four bytes; never cut inside a character."""
    line = "{:010d} aé€😀\n"
    line_bytes = len(line.format(0).encode())
    lines, rest = divmod(length, line_bytes)
    text = "".join([line.format(number) for number in range(lines)])
    return text.encode() + b"." * rest


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of it in blocks."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view[:BLOCK_BYTES]) :]


def main() -> None:
    stream, length, *gate = sys.argv[1:]
    write_all({"stdout": 1, "stderr": 2}[stream], pattern(int(length)))
    for path in gate:
        with open(path, "w", encoding="ascii") as report:
            report.write("written\n")


if __name__ == "__main__":
    main()
