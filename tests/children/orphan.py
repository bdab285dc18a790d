"""Exits at once and leaves a grandchild in its group: orphan.py HELD GATE [ignore].

HELD is what the grandchild keeps of "stdin", "stdout" and "stderr", joined by "+", or "nothing". It waits at GATE,
writes "late\\n" to each output stream that it holds, and exits. With "ignore" it ignores SIGTERM. The leader writes the
grandchild's process id and a newline to stdout, and exits with status 7.
"""

import os
import signal
import sys

DESCRIPTORS = {"stdin": 0, "stdout": 1, "stderr": 2}

held, gate, *options = sys.argv[1:]
kept = [] if held == "nothing" else [DESCRIPTORS[name] for name in held.split("+")]
to_parent, from_child = os.pipe()
pid = os.fork()
if pid == 0:
    if "ignore" in options:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in DESCRIPTORS.values():
        if descriptor not in kept:
            os.dup2(null, descriptor)
    os.write(from_child, b"\n")
    os.close(from_child)
    with open(gate, "rb", buffering=0) as opened:
        opened.read(1)
    for descriptor in kept:
        if descriptor != 0:
            os.write(descriptor, b"late\n")
    os._exit(0)
os.read(to_parent, 1)  # The grandchild has let go of what it does not hold.
os.write(1, b"%d\n" % pid)
os._exit(7)
