"""Starts COUNT children in its own group, writes their process ids in one line and waits: family.py COUNT [ignore].

With "ignore" the children ignore SIGTERM; the leader never does.
"""

import os
import signal
import sys

count, *options = sys.argv[1:]
ready, tell = os.pipe()
pids = []
for _ in range(int(count)):
    pid = os.fork()
    if pid == 0:
        if "ignore" in options:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.write(tell, b"\n")
        while True:
            signal.pause()
    pids.append(pid)
for _ in pids:
    os.read(ready, 1)
os.write(1, " ".join(map(str, pids)).encode() + b"\n")
while True:
    signal.pause()
