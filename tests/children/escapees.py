"""Starts a child in each way of leaving a process group, tells of each as "WAY PID" in a line, says "ready" and waits.

The ways: "member" leaves nothing, "job" leads a group of its own, "session" a kernel session of its own; "daemon" is
forked twice and has lost its parent, "stubborn" is one that ignores what asks it to end, "stopped" one that has stopped
(Linux: the stop is waited for). None of them holds the streams of the leader (Linux).
"""

import os
import signal


def tell(way: str) -> None:
    """Tell of this process, and let go of the leader's streams."""
    os.write(1, f"{way} {os.getpid()}\n".encode())
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)


def live(way: str) -> None:
    """Be the child."""
    if way == "job":
        os.setpgid(0, 0)
    elif way != "member":
        os.setsid()
    if way in ("daemon", "stubborn", "stopped") and os.fork():
        os._exit(0)
    if way == "stubborn":
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
    tell(way)
    if way == "stopped":
        signal.raise_signal(signal.SIGSTOP)
    while True:
        signal.pause()


for each in ("member", "job", "session", "daemon", "stubborn", "stopped"):
    pid = os.fork()
    if pid == 0:
        live(each)
    if each in ("daemon", "stubborn", "stopped"):
        os.waitpid(pid, 0)
os.write(1, b"ready\n")
while True:
    signal.pause()
