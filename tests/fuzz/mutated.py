"""Runs mutated streams against servers in memory: ``python -m tests.fuzz.mutated SEED [INPUTS]``."""

from __future__ import annotations

import sys
import time
from typing import NamedTuple

from tests.fuzz.corpus import corpus
from tests.fuzz.findings import smallest, told
from tests.fuzz.memory_server import Room, room
from tests.fuzz.mutator import Mutator
from tests.fuzz.target import attack


class Outcome(NamedTuple):
    """What a run came to."""

    streams: int
    inputs: int
    """Frames that were made wrong on purpose and reached the endpoint; handshakes and probes are not counted."""
    answers: int
    probed: int
    broken: int
    cpu_s: float


def run(memory: Room, seed: int, inputs: int) -> Outcome:
    """Attack until so many inputs were tried. Raises AssertionError that tells the smallest input that fails."""
    mutator = Mutator(corpus(), seed)
    began = time.process_time()
    streams = tried = answers = probed = broken = 0
    while tried < inputs:
        stream = mutator.stream()
        try:
            verdict = attack(memory, stream.reads)
        except Exception as error:
            found = smallest(memory, stream.reads)
            raise AssertionError(told(error, found, f"stream {streams} of seed {seed}")) from error
        streams += 1
        tried += min(stream.mutated, verdict.handled)
        answers += verdict.answers
        probed += verdict.was_probed
        broken += verdict.was_broken
    return Outcome(streams, tried, answers, probed, broken, time.process_time() - began)


if __name__ == "__main__":
    with room() as made:
        sys.stdout.write(f"{run(made, int(sys.argv[1]), int((sys.argv[2:] or ['100000'])[0]))}\n")
