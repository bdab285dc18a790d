"""A program of its own that sets limits of its process, and then becomes the program that was asked for.

Started as ``python -I -S -X utf8 launcher.py REPORT NICE LIMITS ARGV…``. REPORT is the descriptor to report to, LIMITS
are pairs such as ``7=64`` of a resource and its limit, with commas between them. Variables of the environment whose
names are numbers hold those of the program, as ``NAME=value``.

Rules of this file: it imports nothing of this package, and of Python what takes no time. The report is "r" once every
limit is set, and closed by the start of the program; behind a failure it is "limits ERRNO WHICH" or "exec ERRNO". What
is limited may be the memory of this process, so nothing is left to be done behind the limits that could be done before.
"""

import _signal  # type: ignore[import-not-found]  # the part of signal that is there at once: enum takes half the time
import errno
import os
import resource
import sys

_SEARCH_ON = (errno.ENOENT, errno.ENOTDIR)


def launch(report: int, nice: int, limits: list[tuple[int, int]], argv: list[bytes], env: dict[bytes, bytes]) -> bytes:
    """Become the program; returns what to report where that fails."""
    programs = _programs(argv[0], env)
    # Python ignores these two; a program would inherit that.
    _signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)
    _signal.signal(_signal.SIGXFSZ, _signal.SIG_DFL)
    which = ""
    try:
        for number, limit in limits:
            which = str(number)
            resource.setrlimit(number, (limit, limit))
        which = "nice"
        if nice:
            os.nice(nice)  # Last, for the server waits.
    except OSError as error:
        return b"limits %d %b" % (error.errno or 0, which.encode())
    except ValueError:  # This is how Python tells EPERM.
        return b"limits %d %b" % (errno.EPERM, which.encode())
    os.write(report, b"r")
    return b"exec %d" % _execute(programs, argv, env)


def _programs(name: bytes, env: dict[bytes, bytes]) -> list[bytes]:
    """Where the program may be: as execvp(3) looks for it, in the PATH of the child."""
    if b"/" in name:
        return [name]
    search = env.get(b"PATH", os.defpath.encode())
    return [os.path.join(directory, name) for directory in search.split(b":")]


def _execute(programs: list[bytes], argv: list[bytes], env: dict[bytes, bytes]) -> int:
    """Become the first that can be executed; returns why there is none: what is not merely missing tells more."""
    why = errno.ENOENT
    for program in programs:
        try:
            os.execve(program, argv, env)
        except OSError as error:
            if why in _SEARCH_ON:
                why = error.errno or 0
    return why


def main() -> None:
    """Read the arguments, and launch; never returns."""
    report = -1
    try:
        if _signal.getsignal(_signal.SIGINT) != _signal.SIG_IGN:
            _signal.signal(_signal.SIGINT, _signal.SIG_DFL)  # An exception would tell of itself on the child's stderr.
        report = int(sys.argv[1])
        os.set_inheritable(report, False)  # noqa: FBT003 - it takes no keyword
        limits = [
            (int(number), int(limit)) for number, _, limit in (p.partition("=") for p in sys.argv[3].split(",") if p)
        ]
        variables = (variable.partition(b"=") for name, variable in os.environb.items() if name.isdigit())
        env = {name: value for name, _, value in variables}
        os.write(report, launch(report, int(sys.argv[2]), limits, [os.fsencode(each) for each in sys.argv[4:]], env))
    except MemoryError:
        os.write(report, b"exec 12")
    finally:
        os._exit(127)


if __name__ == "__main__":
    main()
