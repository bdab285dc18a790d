"""Structured inputs by hypothesis in process: messages of any shape, in any cut, and bytes of no shape at all."""

import json
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipe_rpc.buffers.framer import encode_frame
from tests.fuzz.corpus import corpus
from tests.fuzz.memory_server import SESSION_IDS, Room
from tests.fuzz.mutator import MEMBERS, METHODS
from tests.fuzz.reading import agrees_with_another_reader
from tests.fuzz.target import attack
from tests.support.dose import dose
from tests.support.ledger import Ledger

pytestmark = [pytest.mark.attack, pytest.mark.timeout(600)]

EXAMPLES = dose(short=60, ci=100, long=3_000)
ATTACK = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
LSP_METHODS = ("workspace/executeCommand", "window/workDoneProgress/cancel")
HANDSHAKE = corpus().conversations["life_of_a_session"][:3]

texts = st.text(max_size=8) | st.sampled_from([*SESSION_IDS, "stdout", "utf-8", "base64", "closed", "SIGTERM", "cat"])
half_pairs = st.characters(categories=["Cs"])
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | texts | half_pairs
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts | st.sampled_from(MEMBERS), inner, max_size=3),
    max_leaves=8,
)
methods = st.sampled_from([method for method in METHODS if method not in LSP_METHODS]) | st.text(max_size=5)
members = st.dictionaries(st.sampled_from(MEMBERS), values, max_size=6)
envelopes = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0")},
    optional={
        "id": scalars | st.integers(0, 3),
        "method": methods | values,
        "params": members | values,
        "result": values,
        "error": values,
    },
)
bodies = st.one_of(
    envelopes.map(json.dumps).map(str.encode),
    values.map(json.dumps).map(str.encode),
    st.binary(max_size=60),
)


def framed(inputs: list[bytes]) -> bytes:
    return b"".join(map(encode_frame, inputs))


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(at % (len(data) + 1) for at in cuts), len(data)]
    return [data[begin:end] for begin, end in pairwise(edges)]


class Tally:
    """Counts, beside what hypothesis counts."""

    def __init__(self) -> None:
        self.inputs = 0


def test_messages_of_any_shape_in_any_cut_break_nothing(memory: Room, ledger: Ledger) -> None:
    tally = Tally()

    @ATTACK
    @given(st.booleans(), st.lists(bodies, max_size=12), st.lists(st.integers(0, 10_000), max_size=6))
    def attack_with(greeted: bool, inputs: list[bytes], cuts: list[int]) -> None:
        attack(memory, cut(framed([*(HANDSHAKE if greeted else []), *inputs]), cuts))
        tally.inputs += len(inputs)

    attack_with()
    ledger.enter("malformed inputs in process (hypothesis)", tried=tally.inputs)


def test_bytes_behind_and_between_frames_break_nothing(memory: Room, ledger: Ledger) -> None:
    tally = Tally()
    pieces = st.one_of(
        bodies.map(encode_frame),
        st.binary(max_size=40),
        st.text(alphabet="\r\n: 1CcLl-", max_size=30).map(str.encode),
        st.sampled_from([header[:40] for header in corpus().streams.values()]),
    )

    @ATTACK
    @given(st.lists(pieces, min_size=1, max_size=6), st.lists(st.integers(0, 10_000), max_size=6))
    def attack_with(stream: list[bytes], cuts: list[int]) -> None:
        attack(memory, cut(b"".join(stream), cuts))
        tally.inputs += 1

    attack_with()
    ledger.enter("malformed inputs in process (hypothesis)", tried=tally.inputs)


def test_the_judge_reads_json_as_another_reader_does() -> None:
    @ATTACK
    @given(bodies | st.text(alphabet='{}[]",:0123456789.eE+-truefalsn\\u dD8cC \n', max_size=30).map(str.encode))
    def compare(body: bytes) -> None:
        assert agrees_with_another_reader(body), body

    compare()
    for name, body in corpus().bodies.items():
        assert agrees_with_another_reader(body), name
