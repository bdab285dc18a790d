"""How many descriptors the server may open, and what its children inherit of that.

Rules of this file: the server's soft RLIMIT_NOFILE is raised to the hard one, since each session takes four
descriptors; a child gets the limit that the server was started with (a program that loops over all possible
descriptors, or uses select(2), must not suffer from our raise).
"""

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_SPARES = 4
"""Popen opens two descriptors of its own; two more are a reserve for what Python opens to report a failure."""


class DescriptorLimit:
    """Raises the soft limit until ``close``; lends the original one to each spawn."""

    def __init__(self) -> None:
        self._original = resource.getrlimit(resource.RLIMIT_NOFILE)
        hard = self._original[1]
        self.soft = self._raise_to(hard)
        self._raised = (self.soft, hard)
        self._spares: list[int] = []
        self._open_spares()

    def _open_spares(self) -> None:
        while len(self._spares) < _SPARES:
            try:
                self._spares.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
            except OSError:
                return  # Descriptors have run out, so the next spawn fails with a clear error and tries again here.

    def _close_spares(self) -> None:
        while self._spares:
            os.close(self._spares.pop())

    def _raise_to(self, hard: int) -> int:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (ValueError, OSError):
            # macOS refuses a soft limit above OPEN_MAX even where the hard one is infinite (setrlimit(2)).
            return self._original[0]
        return hard

    @contextmanager
    def original(self) -> Iterator[None]:
        """Put the original limit in force while a child is started, so that it inherits that.

        Descriptors above the limit stay open, but no new one may have such a number; spare low numbers are set free for
        those that Popen needs in between. Raises OSError where the system refuses.
        """
        self._close_spares()
        try:
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, self._original)
            except ValueError as error:  # This is how Python tells EPERM and EINVAL.
                raise OSError(errno.EPERM, str(error)) from None
            yield
        finally:
            # Where the system refuses, the started child is worth more than the raise, which the next spawn brings.
            with suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, self._raised)
            self._open_spares()

    def close(self) -> None:
        """Give back the spares and the raise."""
        self._close_spares()
        resource.setrlimit(resource.RLIMIT_NOFILE, self._original)
