"""Ignores SIGTERM, SIGINT and SIGHUP, says "ready" and lives until it is killed."""

import signal
import sys

for name in ("SIGTERM", "SIGINT", "SIGHUP"):
    signal.signal(signal.Signals[name], signal.SIG_IGN)
sys.stdout.write("ready\n")
sys.stdout.flush()
while True:
    signal.pause()
