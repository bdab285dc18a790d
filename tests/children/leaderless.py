"""Ends its main thread first; another thread waits at GATE, writes "late\\n" and ends with status 5 (Linux)."""

import ctypes
import os
import platform
import sys
import threading

SYS_EXIT = {"x86_64": 60, "aarch64": 93}


def late() -> None:
    with open(sys.argv[1], "rb", buffering=0) as gate:
        gate.read(1)
    os.write(1, b"late\n")
    os._exit(5)


threading.Thread(target=late).start()
os.write(1, b"leaving\n")
ctypes.CDLL(None).syscall(SYS_EXIT[platform.machine()], 0)
