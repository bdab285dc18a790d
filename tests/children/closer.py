"""Closes descriptors and lives on: closer.py DESCRIPTOR[+DESCRIPTOR…] REPORT GATE. Reports, waits at GATE, exits 0."""

import os
import sys

descriptors, report, gate = sys.argv[1:]
for descriptor in descriptors.split("+"):
    os.close(int(descriptor))
with open(report, "wb", buffering=0) as told:
    told.write(b"closed\n")
with open(gate, "rb", buffering=0) as opened:
    opened.read(1)
os._exit(0)
