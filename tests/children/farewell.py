"""Says "ready", lives until SIGTERM, then writes N times "x" to stdout and exits with CODE: farewell.py N CODE."""

import os
import signal
import sys

FAREWELL = b"x" * int(sys.argv[1])


def leave(*_: object) -> None:
    view = memoryview(FAREWELL)
    while view:
        view = view[os.write(1, view) :]
    os._exit(int(sys.argv[2]))


signal.signal(signal.SIGTERM, leave)
os.write(1, b"ready\n")
while True:
    signal.pause()
