"""Writes all 256 byte values, COUNT times over: every_byte.py COUNT."""

import os
import sys

view = memoryview(bytes(range(256)) * int(sys.argv[1]))
while view:
    view = view[os.write(1, view) :]
