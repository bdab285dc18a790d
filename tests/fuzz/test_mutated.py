"""Mutated conversations in process: whatever comes in, the contract for malformed input holds.

A seed gives the same streams on every machine. `python -m tests.fuzz.mutated SEED [INPUTS]` runs more of them.
"""

import gc
from collections.abc import Iterator

import pytest

from tests.fuzz.corpus import corpus
from tests.fuzz.memory_server import Room
from tests.fuzz.mutated import run
from tests.fuzz.target import attack
from tests.support.dose import dose
from tests.support.ledger import Ledger

pytestmark = pytest.mark.attack

SEEDS = range(20_001, 20_009)
INPUTS = dose(short=4_000, ci=40_000, long=250_000)


@pytest.mark.parametrize("name", corpus().all_streams())
def test_every_input_of_the_corpus_is_taken_as_the_contract_says(memory: Room, name: str) -> None:
    stream = corpus().all_streams()[name]
    whole = attack(memory, [stream])
    assert whole.answers > 0 or whole.handled == 0

    handshake, spawn = corpus().conversations["life_of_a_session"][0], corpus().conversations["life_of_a_session"][2]
    frames = b"".join(b"Content-Length: %d\r\n\r\n%b" % (len(body), body) for body in (handshake, spawn))
    initialized = attack(memory, [frames + stream])
    assert initialized.answers >= 2
    assert attack(memory, [frames + stream[:1], *(stream[at : at + 1] for at in range(1, min(len(stream), 300)))])


@pytest.fixture
def seldom_collected() -> Iterator[None]:
    """Garbage is looked for a hundred times less often than usual, which takes a sixth of the time away."""
    before = gc.get_threshold()
    gc.set_threshold(100 * before[0], *before[1:])
    yield
    gc.set_threshold(*before)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", SEEDS)
def test_mutated_conversations_break_nothing(memory: Room, ledger: Ledger, seed: int, seldom_collected: None) -> None:
    outcome = run(memory, seed, INPUTS)
    assert outcome.probed > outcome.streams / 2, "hardly a stream got as far as its probe"
    assert outcome.broken > 0
    assert outcome.answers > outcome.inputs / 2, "hardly an input was answered: the mutator makes noise"
    ledger.enter("malformed inputs in process (mutated corpus)", tried=outcome.inputs)
