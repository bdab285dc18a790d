"""Writes the bytes given in hexadecimal one by one, each after a passage through GATE: bytewise.py HEX GATE."""

import os
import sys

data, path = bytes.fromhex(sys.argv[1]), sys.argv[2]
with open(path, "rb", buffering=0) as gate:
    for value in data:
        gate.read(1)
        os.write(1, bytes([value]))
