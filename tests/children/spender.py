"""Spends CPU time and memory: spender.py MILLISECONDS MEBIBYTES."""

import sys
import time

held = bytearray(int(sys.argv[2]) << 20)
for page in range(0, len(held), 4096):
    held[page] = 1
while time.process_time() * 1000 < int(sys.argv[1]):
    pass
