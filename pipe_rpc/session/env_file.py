"""A dotenv file as variables for a child.

Rules of this file: what is said of a file tells numbers of lines and never what stands there. The file is a regular
one, so that nothing can make the server wait; what is none is not even opened, since to open a device may do something.
Of python-dotenv the parser alone is used: it logs nothing, and interpolates nothing.
"""

import errno
import io
import os
import re
import stat

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_LINE_END = re.compile(r"\r\n|\n|\r")
_BLANKS = re.compile(r"[^\S\r\n]+")
_PIECE_BYTES = 1 << 16


_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""Errors of the system rather than of the file (open(2))."""


class EnvFileError(Exception):
    """What is wrong with the file, as the problem of a param: "must …"."""


def read_env_file(path: str, *, max_bytes: int, max_blanks: int) -> dict[str, str]:
    """The variables that the file assigns; of several assignments to a name the last one counts.

    Raises EnvFileError, and OSError where the system has no room to read it.

    ``max_blanks`` is how many blanks it may have in a row: the parser looks for a comment behind each of them.
    """
    if not path.startswith("/"):
        raise EnvFileError("must be an absolute path")
    text = _decode(_read(path, max_bytes))
    _require_few_blanks(text, max_blanks)
    return _assignments(text)


def _read(path: str, max_bytes: int) -> bytes:
    try:
        _require_regular(os.stat(path))
        fd = os.open(path, _FLAGS)
        try:
            found = os.fstat(fd)
            _require_regular(found)  # Another one may have taken its place.
            if found.st_size > max_bytes:
                raise _too_large(max_bytes)
            data = b""
            # Its size is no promise: it may be growing, or made up as it is read (proc(5)).
            while len(data) <= max_bytes and (piece := os.read(fd, min(_PIECE_BYTES, max_bytes + 1 - len(data)))):
                data += piece
        finally:
            os.close(fd)
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise
        name = errno.errorcode.get(error.errno or 0, str(error.errno))
        raise EnvFileError(f"must name a file that can be read: {error.strerror} ({name})") from None
    if len(data) > max_bytes:
        raise _too_large(max_bytes)
    return data


def _require_regular(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise EnvFileError("must name a regular file: no directory, pipe, socket or device")


def _too_large(max_bytes: int) -> EnvFileError:
    return EnvFileError(f"must name a file of at most {max_bytes} bytes (--max-env-file-bytes)")


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # Counted in what was decoded, which is without the mark of byte order.
        line = _line_behind(error.object[: error.start].decode())
    # Not raised above, where it would carry along the other error and the whole file with that.
    raise EnvFileError(f"must name a file of UTF-8 text, which line {line} is not")


def _require_few_blanks(text: str, max_blanks: int) -> None:
    for found in _BLANKS.finditer(text):
        if len(found[0]) > max_blanks:
            line = _line_behind(text[: found.start()])
            raise EnvFileError(
                f"must name a file with at most {max_blanks} blanks in a row (--max-env-file-blanks), "
                f"but line {line} has more"
            )


def _assignments(text: str) -> dict[str, str]:
    # Imported when the first file is read: few sessions have one.
    from dotenv.parser import parse_stream

    variables: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text, newline="")):
        statement = binding.original.string
        # A statement begins with the blank lines above it.
        line = binding.original.line - 1 + _line_behind(statement[: len(statement) - len(statement.lstrip())])
        if binding.error or (binding.key is not None and binding.value is None):
            raise EnvFileError(f"must name a file of assignments NAME=value; line {line} is none")
        if binding.key is None or binding.value is None:
            continue  # a comment, or blank lines at the end
        if "=" in binding.key or "\0" in binding.key:
            raise EnvFileError(f'must name a file whose names are without "=" and NUL; that in line {line} is not')
        if "\0" in binding.value:
            raise EnvFileError(f"must name a file whose values are without NUL; that in line {line} is not")
        variables[binding.key] = binding.value
    return variables


def _line_behind(text: str) -> int:
    """The number of the line in which what follows the text begins."""
    return 1 + len(_LINE_END.findall(text))
