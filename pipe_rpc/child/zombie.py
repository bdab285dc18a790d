"""Whether a process has ended though its number is still taken: nobody has waited for it yet."""

import select
import sys
from contextlib import closing


def is_zombie(pid: int) -> bool:
    """Whether an existing process is one, as far as the system tells: by proc(5) on Linux, by kqueue(2) on macOS."""
    if sys.platform == "darwin":
        event = select.kevent(pid, select.KQ_FILTER_PROC, select.KQ_EV_ADD | select.KQ_EV_ONESHOT, select.KQ_NOTE_EXIT)
        try:
            with closing(select.kqueue()) as queue:
                queue.control([event], 0)
        except ProcessLookupError:
            return True  # A zombie is no process to kqueue(2).
        except OSError:
            pass  # Descriptors have run out, so that nobody can tell.
        return False
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] == b"Z"
    except OSError:
        return False
