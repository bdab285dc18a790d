"""Signals as readable bytes.

Rules of this file: handlers do nothing; the C level writes each signal's number into a pipe that the loop watches.
Without the pipe a signal would not end a sleep at all: PEP 475 restarts the system call.
"""

import os
import signal
from collections.abc import Callable, Mapping
from types import FrameType

from pipe_rpc.loop.descriptor import OwnDescriptor
from pipe_rpc.loop.loop import READ, Loop

_READ_BYTES = 4096


class SignalWatch:
    """Calls back in a turn of the loop for each signal that it was given; ``close`` restores what was before."""

    def __init__(self, loop: Loop, callbacks: Mapping[int, Callable[[], None]]) -> None:
        self._loop = loop
        self._callbacks: dict[int, list[Callable[[], None]]] = {
            number: [callback] for number, callback in callbacks.items()
        }
        read_fd, write_fd = os.pipe()
        self._wakeup = OwnDescriptor(read_fd)
        self._wakeup_writer = OwnDescriptor(write_fd)
        # A full pipe already wakes the loop, so a byte that finds no room is no loss worth a warning.
        self._previous_fd = signal.set_wakeup_fd(write_fd, warn_on_full_buffer=False)
        self._previous = {number: signal.signal(number, _ignore) for number in callbacks}
        self._watch = loop.watch(read_fd, READ, self._read)

    def add(self, number: int, callback: Callable[[], None]) -> None:
        """Call ``callback`` too when ``number`` comes."""
        self._callbacks.setdefault(number, []).append(callback)
        if number not in self._previous:
            self._previous[number] = signal.signal(number, _ignore)

    def close(self) -> None:
        """Restore the dispositions and the wake-up descriptor as they were."""
        for number, disposition in self._previous.items():
            signal.signal(number, disposition)
        signal.set_wakeup_fd(self._previous_fd)
        self._loop.unwatch(self._watch)
        self._wakeup.close()
        self._wakeup_writer.close()

    def _read(self) -> None:
        numbers = bytearray(_READ_BYTES)
        size = self._wakeup.read_into([memoryview(numbers)]) or 0
        for number in sorted(set(numbers[:size])):
            for callback in self._callbacks.get(number, ()):
                callback()


def _ignore(number: int, frame: FrameType | None) -> None:
    """Do nothing: what counts is the byte in the wake-up pipe."""
