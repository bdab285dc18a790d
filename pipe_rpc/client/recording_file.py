"""The file that a recording goes into: readable by its owner alone, since it holds what children said and were told.

Rules of this file: each line is written at once, so that a crash loses none. A file that cannot be written any more
ends the recording, and never the conversation.
"""

import os
import stat
from collections.abc import Callable

_OWNER_ONLY = 0o600


class RecordingFile:
    """Makes the file anew, in the place of a regular file of that name. Raises OSError where that cannot be done.

    Who still writes the earlier file goes on doing so, and nothing is mixed up. ``on_failure`` is called once, with
    what went wrong, when a line cannot be written.
    """

    def __init__(self, path: str, on_failure: Callable[[OSError], None]) -> None:
        self._on_failure = on_failure
        try:
            mode = os.lstat(path).st_mode
        except FileNotFoundError:
            pass
        else:
            if not stat.S_ISREG(mode):
                kind = "a symbolic link" if stat.S_ISLNK(mode) else "no regular file"
                raise FileExistsError(0, f"it is {kind}, so nothing is written over it", path)
            os.unlink(path)
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _OWNER_ONLY)

    def write(self, line: str) -> None:
        """Write a line; without effect behind a failure, or ``close``."""
        data = line.encode(errors="backslashreplace")
        try:
            while data and self._fd >= 0:
                data = data[os.write(self._fd, data) :]
        except OSError as error:
            self.close()
            self._on_failure(error)

    def close(self) -> None:
        """Close it; without effect the second time."""
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            os.close(fd)
