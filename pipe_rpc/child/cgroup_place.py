"""Where a server's control groups are: below the cgroup that it was started in, in a directory named after it.

Rules of this file: the name tells whose it is, so that whoever comes later can tell that a server has gone without a
chance to clean up: its process id, its start, and the namespace in which these mean anything.
"""

import os

from pipe_rpc.child.cgroup import read

PREFIX = "pipe-rpc-"


def find_home() -> str | None:
    """The directory of the cgroup that this process is in; None where there is no cgroup file system to be seen."""
    try:
        _namespace()  # Without it nobody could tell whose a directory is.
        if os.readlink("/proc/self") != str(os.getpid()):
            return None  # /proc is that of another namespace, and tells of other processes (pid_namespaces(7)).
        own = own_path()
        mounts = read("/proc/self/mountinfo")
    except OSError:
        return None
    if own is None or ".." in own.split("/"):  # It lies outside of the namespace (cgroup_namespaces(7)).
        return None
    for line in mounts.splitlines():
        place, _, kind = line.partition(b" - ")
        if kind.startswith(b"cgroup2 "):
            root, mount_point = (_unescaped(field) for field in place.split()[3:5])
            below = f"{own}/".removeprefix(root if root.endswith("/") else f"{root}/")
            if root == "/" or below != f"{own}/":
                return os.path.normpath(f"{mount_point}/{below}")
    return None


def own_path() -> str | None:
    """The path of the cgroup that this process is in now; None where it is in none. Raises OSError."""
    for line in read("/proc/self/cgroup").splitlines():
        if line.startswith(b"0::"):  # version 2, among those of version 1 where a system has both
            return os.fsdecode(line[3:]).rstrip("/")
    return None


def server_directory(home: str, pid: int) -> str:
    """The directory of a server that has not been reaped. Its start tells it from another of the same number."""
    return f"{home}/{PREFIX}{pid}-{_state_and_start_of(pid)[1]}-{_namespace()}"


def is_abandoned(name: str) -> bool:
    """Whether the server of a directory has ended; not where only its own namespace could tell (pid_namespaces(7))."""
    parts = name.removeprefix(PREFIX).split("-")
    if len(parts) != 3 or not parts[0].isdecimal() or parts[2] != _namespace():
        return False
    pid = int(parts[0])
    try:
        os.kill(pid, 0)
        state, start = _state_and_start_of(pid)
        # A zombie has ended, though nobody has waited for it. "": /proc does not show it (hidepid, proc(5)).
        return state in ("Z", "X") or start not in ("", parts[1])
    except ProcessLookupError:
        return True
    except OverflowError:
        return False  # No process can have such a number, so no server has made it.
    except OSError:
        return False  # It is there, and another's.


def _state_and_start_of(pid: int) -> tuple[str, str]:
    """Its state, and its start in clock ticks: fields 3 and 22 of /proc/PID/stat (proc(5)); "" where none can tell."""
    try:
        fields = read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    except FileNotFoundError:
        return "", ""
    return fields[0].decode(), fields[19].decode()


def _namespace() -> str:
    """The numbers of our namespaces of processes and of time (namespaces(7)).

    In another one of processes the same number is another process; in another one of time (time_namespaces(7)) the same
    process was started at another time.
    """
    pid = os.readlink("/proc/self/ns/pid").removeprefix("pid:[").removesuffix("]")
    try:
        time = os.readlink("/proc/self/ns/time").removeprefix("time:[").removesuffix("]")
    except FileNotFoundError:
        return pid  # A kernel without namespaces of time.
    return f"{pid}.{time}"


def _unescaped(field: bytes) -> str:
    """A field of mountinfo, in which blanks are written as octal numbers (proc(5))."""
    for code in (b" ", b"\t", b"\n", b"\\"):
        field = field.replace(b"\\%03o" % code[0], code)
    return os.fsdecode(field)
