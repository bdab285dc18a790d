"""A server whose every message goes through an editor: ``python -m tests.editors.relay EDITOR…``.

Towards a client it is a pipe-rpc over stdio. Behind it the editor runs, whose plugin starts the true server and says to
it by its own connection what the client says here, and hands back what it hears. So whoever speaks with this one, such
as ``pipe-rpc replay``, speaks with the server by the code of the plugin.

The editor connects to the Unix socket PIPE_RPC_RELAY and starts the command PIPE_RPC_RELAY_SERVER, a JSON array. Each
line on the socket is a message, in both directions; ``{"ended": STATUS}`` is the editor's last. ``null`` is the last
that it gets, and makes it close the server's stdin.
"""

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from tests.support.frames import encode_frame, take_frame
from tests.support.server_command import SERVER
from tests.support.trace import DEADLINE_S

SOCKET, COMMAND = "PIPE_RPC_RELAY", "PIPE_RPC_RELAY_SERVER"
READ_BYTES = 64 * 1024


def relay(command: list[str]) -> int:
    """Stand between stdio and the editor until that says how the server ended; returns this status."""
    with tempfile.TemporaryDirectory(prefix="pipe-rpc-relay-") as place, socket.socket(socket.AF_UNIX) as listening:
        address = str(Path(place) / "socket")
        listening.bind(address)
        listening.listen()
        listening.settimeout(DEADLINE_S)
        env = {**os.environ, SOCKET: address, COMMAND: json.dumps([*SERVER, "--stdio"]), "HOME": place}
        # What an editor draws goes where words for people go.
        editor = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=env, cwd=place)
        try:
            with listening.accept()[0] as lines:
                return _carry(lines)
        finally:
            editor.kill()
            editor.wait()


def _carry(lines: socket.socket) -> int:
    framed, lined = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        selector.register(lines, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj == 0:
                    framed += (data := os.read(0, READ_BYTES))
                    while (message := take_frame(framed)) is not None:
                        lines.sendall(json.dumps(message).encode() + b"\n")
                    if not data:
                        selector.unregister(0)
                        # Not by the end of the stream, behind which Vim and Emacs could say nothing more.
                        with suppress(BrokenPipeError):  # The editor has said its last word already.
                            lines.sendall(b"null\n")
                    continue
                lined += (data := lines.recv(READ_BYTES))
                if not data:
                    raise AssertionError("the editor has ended without a word")
                *whole, rest = lined.split(b"\n")
                lined = bytearray(rest)
                for line in whole:
                    said = json.loads(line)
                    if "ended" in said:
                        return int(said["ended"])
                    os.write(1, encode_frame(said))


def main() -> None:
    status = relay(sys.argv[1:])
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)


if __name__ == "__main__":
    main()
