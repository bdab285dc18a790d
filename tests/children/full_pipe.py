"""Enlarges its stdout pipe to N bytes, waits at GATE, fills the pipe and exits at once: full_pipe.py N GATE (Linux)."""

import fcntl
import os
import sys

size = int(sys.argv[1])
fcntl.fcntl(1, fcntl.F_SETPIPE_SZ, size)
os.set_blocking(1, False)
with open(sys.argv[2], "rb", buffering=0) as gate:
    gate.read(1)
written = os.write(1, b"f" * size)
os.write(2, b"%d" % written)
os._exit(0)
