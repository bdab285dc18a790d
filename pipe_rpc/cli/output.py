"""What programs that only answer say on stdout."""

import os


def write_out(text: str) -> None:
    """Write to stdout. Raises OSError where that cannot be done; that nobody reads any more is no failure."""
    data = text.encode(errors="backslashreplace")
    try:
        while data:
            data = data[os.write(1, data) :]
    except BrokenPipeError:
        return
