"""Stands between a socket and Emacs, which would give a socket up whose other side says no more.

``python bridge.py ADDRESS``: lines go both ways; a line ``null`` says that no more of them come from the socket.
"""

import os
import select
import socket
import sys

READ_BYTES = 64 * 1024


def bridge(address: str) -> None:
    with socket.socket(socket.AF_UNIX) as lines:
        lines.connect(address)
        watched: list[int] = [0, lines.fileno()]
        while 0 in watched:
            for ready in select.select(watched, [], [])[0]:
                data = os.read(ready, READ_BYTES)
                if not data:
                    watched.remove(ready)
                if ready == 0:
                    lines.sendall(data)
                else:
                    os.write(1, data or b"null\n")


if __name__ == "__main__":
    bridge(sys.argv[1])
