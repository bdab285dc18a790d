"""The same target for a fuzzer that watches the coverage: atheris, libFuzzer for Python.

    python -m tests.fuzz.atheris_target -atheris_runs=1000000 -max_len=4096 DIRECTORY

fuzzes with the committed corpus beside what is in DIRECTORY, where new inputs are kept; `-help=1` lists libFuzzer's
options. A failing input is written to the current directory (`-artifact_prefix=` says where else).

An input is two bytes of choices, then text. Choices: whether a handshake and a spawn come first, whether the text is a
stream as it is or bodies that a record separator parts, and into how long reads all that is cut.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-untyped,unused-ignore,import-not-found]  # no types; for Linux only

with atheris.instrument_imports(include=["pipe_rpc"]):
    # By the server only at first use, when nothing is instrumented any more.
    importlib.import_module("pipe_rpc.server.handlers")
    from tests.fuzz.corpus import Corpus, corpus
    from tests.fuzz.memory_server import Room, room
    from tests.fuzz.mutator import is_lsp
    from tests.fuzz.target import attack

from pipe_rpc.buffers.framer import encode_frame

SEPARATOR = b"\x1e"
IS_STREAM, IS_GREETED, HAS_SESSION = 1, 2, 4
SHORTEST_READ = 16
"""One-byte reads are tried elsewhere; here they would cost more than they find."""


def reads_of(data: bytes, committed: Corpus) -> list[bytes]:
    """The reads that an input stands for."""
    choices, length, text = data[:1], data[1:2], data[2:]
    choice = choices[0] if choices else 0
    bodies = [] if choice & IS_STREAM else text.split(SEPARATOR)
    conversation = committed.conversations["life_of_a_session"]
    greeting = conversation[:2] if choice & IS_GREETED else []
    if choice & HAS_SESSION:
        greeting = conversation[:3]
    stream = b"".join(map(encode_frame, [*greeting, *bodies])) + (text if choice & IS_STREAM else b"")
    if not length or length[0] == 0:
        return [stream]
    size = SHORTEST_READ * length[0]
    return [stream[at : at + size] for at in range(0, len(stream), size)]


def write_inputs(committed: Corpus, directory: Path) -> None:
    """Write the committed corpus as inputs of this target.

    Messages for the language server stay out: to make one takes as long as a hundred other inputs.
    """
    inputs = {name: bytes([0, 0]) + SEPARATOR.join(bodies) for name, bodies in committed.conversations.items()}
    inputs |= {name: bytes([HAS_SESSION, 0]) + body for name, body in committed.bodies.items()}
    inputs |= {name: bytes([IS_STREAM | IS_GREETED, 1]) + stream for name, stream in committed.streams.items()}
    for name, data in inputs.items():
        if not is_lsp(data):
            (directory / name).write_bytes(data)


def main() -> None:
    """Hand over to libFuzzer, which ends the process."""
    with room() as memory, tempfile.TemporaryDirectory() as inputs:
        _fuzz(memory, Path(inputs))


def _fuzz(memory: Room, inputs: Path) -> None:
    committed = corpus()
    write_inputs(committed, inputs)

    def test_one_input(data: bytes) -> None:
        attack(memory, reads_of(data, committed))

    atheris.Setup([*sys.argv, str(inputs)], test_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
