"""A fork bomb with a bound: chains of processes, each of which starts the next one and ends.

argv: how many chains, and how many processes each chain may start one after the other; its last one waits. All of them
hold the streams of the leader, and each chain is a kernel session of its own. Says "ready" once all chains run, and
waits; SIGTERM ends the leader alone.
"""

import os
import signal
import sys

CHAINS, LINKS = int(sys.argv[1]), int(sys.argv[2])

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in range(CHAINS):
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for _ in range(LINKS):
            if os.fork():
                os._exit(0)
        while True:
            signal.pause()
os.write(1, b"ready\n")
while True:
    signal.pause()
