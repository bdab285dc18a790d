"""Clients that do their worst: what they make the server hold stays within the formula, and nothing is lost."""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.soak.company import Company
from tests.soak.memory import Gauge, Load, bound, mib
from tests.soak.tallying_client import TallyingClient, frame
from tests.soak.worst_requests import frame_of, most_memory, too_many_values
from tests.support.dose import dose
from tests.support.fixture_types import MakeGate
from tests.support.gates import Gate
from tests.support.ledger import Ledger
from tests.support.programs import shell
from tests.support.trace import DEADLINE_S

pytestmark = [pytest.mark.attack, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]

MIB = 1 << 20
LINE = "what-a-child-says-while-nobody-listens"


def uncounted(method: str, params: object) -> bytes:
    """A request whose answer is only counted."""
    return frame({"jsonrpc": "2.0", "id": "-", "method": method, "params": params})


def measured(highest: int, allowed: int) -> str:
    return f"resident {mib(highest)}, bound {mib(allowed)}"


def reported(gate: Gate, children: int) -> Iterator[None]:
    """Until so many children have reported: a turn for each hundredth of a second without news."""
    count, clock = 0, select.poll()
    began = time.monotonic()
    while count < children:
        clock.poll(10)  # Nothing is waited for here: this is the pace of the client.
        if gate.has_news():
            count += gate.wait().count(b"\n")
        assert time.monotonic() < began + 4 * DEADLINE_S, f"{count} of {children} children have written all"
        yield


@pytest.mark.parametrize("trickle", [0, 1], ids=["never reads", "reads a byte at a time"])
def test_a_client_that_does_not_read_costs_the_rings_and_loses_nothing(
    trickle: int, gate: MakeGate, ledger: Ledger
) -> None:
    size, sessions, written = dose(short=4, ci=8, long=512) * MIB, 4, gate()
    with TallyingClient() as client:
        company, gauge = Company(client), Gauge(client.server_pid)
        base = gauge.reset()
        script = "yes $1 | head -c $2 >&2; yes $1 | head -c $2; echo > $3"
        argv = shell(script, LINE, size, written.path)
        with client.not_reading():
            params = {"argv": argv, "overflow": "dropOldest"}
            spawns = [client.start("session/spawn", params) for _ in range(sessions)]
            blocked = client.start("session/spawn", {"argv": shell("yes $1 | head -c $2", LINE, size)})
            for _ in reported(written, sessions):
                if trickle:
                    client.read(trickle)
            highest = gauge.highest()
        for spawned in [*spawns, blocked]:
            session = client.result(spawned)["sessionId"]
            client.wait_closed(session)
            out, err = client.tallies[session, "stdout"], client.tallies[session, "stderr"]
            assert out.end == out.delivered_bytes + out.missed_bytes == size
            if spawned == blocked:
                assert out.missed_bytes == 0
            else:
                assert err.end == err.delivered_bytes + err.missed_bytes == size
        company.talk(5)
        load = Load(sessions=sessions + 3, ring_bytes=2 * (sessions + 3) * client.limits["defaultBacklogBytes"])
        allowed = bound(base, client.limits, load)
        client.finish()
    what = "reads a byte at a time" if trickle else "never reads"
    ledger.enter(
        f"a client that {what}, while {2 * sessions} streams flood",
        tried=sessions + 1,
        measured=measured(highest, allowed),
    )
    assert highest <= allowed


def test_requests_without_end_and_not_one_read_are_all_answered(ledger: Ledger) -> None:
    large, small = dose(short=16, ci=32, long=1024), dose(short=4000, ci=8_000, long=60_000)
    with TallyingClient() as client:
        company, gauge = Company(client), Gauge(client.server_pid)
        base = gauge.reset()
        with client.not_reading():
            for _ in range(large):
                client.post_uncounted(uncounted("no/such/method", {"filler": "x" * MIB}), 1)
            for _ in range(small // 100):
                client.post_uncounted(uncounted("session/info", {"sessionId": company.sessions[0]}) * 100, 100)
        assert client.wait_for_uncounted() >= large + small
        highest = gauge.highest()
        company.talk(5)
        load = Load(sessions=2, outbound_bytes=1024 * (large + small), request_bytes=MIB + 200, amplification=4)
        allowed = bound(base, client.limits, load)
        client.finish()
    ledger.enter("requests of a client that reads no answer", tried=large + small, measured=measured(highest, allowed))
    assert highest <= allowed


def test_answers_beyond_the_limit_stop_the_requests_and_then_end_the_connection(ledger: Ledger) -> None:
    limit, posted = dose(short=4, ci=16, long=64) * MIB, 0
    with TallyingClient(f"--max-outbound-bytes={limit}", "--flush-timeout-ms=500") as client:
        company, gauge = Company(client), Gauge(client.server_pid)
        base = gauge.reset()
        requests = uncounted("session/info", {"sessionId": company.sessions[0]}) * 100
        with client.not_reading():
            while client.takes_input():
                client.post(requests)
                posted += 100
                highest = gauge.highest_or(base)
        allowed = bound(base, client.limits, Load(sessions=2, outbound_bytes=limit))
        assert client.process.wait(DEADLINE_S) == 1
    ledger.enter("answers that nobody reads, without end", tried=posted, measured=measured(highest, allowed))
    assert highest <= allowed


def test_a_header_that_never_ends_is_cut_off(ledger: Ledger) -> None:
    tries = dose(short=2, ci=4, long=40)
    grown = 0
    for number in range(tries):
        with TallyingClient() as client:
            gauge = Gauge(client.server_pid)
            base = gauge.reset()
            client.post(b"Content-Length: 7\r\n")
            piece = b"x: y\r\n" if number % 2 else b"x"
            while client.takes_input():
                client.post(piece * 500)
                grown = max(grown, gauge.highest_or(base) - base)
            assert client.wait_exit() == 1
            assert client.last_word["error"]["code"] == -32700
    ledger.enter("a header that never ends", tried=tries, measured=f"at most {mib(grown)} more resident")
    assert grown <= 4 * MIB


@pytest.mark.parametrize("body", [b"{}", b"[]", b"0", b"", b'{"jsonrpc":"2.0","method":"$/x"}'], ids=repr)
def test_tiny_frames_by_the_thousand_are_answered_one_by_one(body: bytes, ledger: Ledger) -> None:
    frames, burst = dose(short=10_000, ci=16_000, long=200_000), 2000
    with TallyingClient() as client:
        company, gauge = Company(client), Gauge(client.server_pid)
        base = gauge.reset()
        for _ in range(frames // burst):
            client.post(frame_of(body) * burst)
            company.talk(1)
        client.request("session/list")
        assert client.malformed == (0 if b"method" in body else frames)
        highest = gauge.highest()
        allowed = bound(base, client.limits, Load(sessions=2, outbound_bytes=burst * 512))
        client.finish()
    ledger.enter("tiny frames", tried=frames, measured=measured(highest, allowed))
    assert highest <= allowed


def test_half_a_body_for_ever_is_kept_once_and_the_end_of_input_ends_it(ledger: Ledger) -> None:
    tries = dose(short=1, ci=2, long=30)
    for _ in range(tries):
        with TallyingClient() as client:
            company, gauge = Company(client), Gauge(client.server_pid)
            base, whole = gauge.reset(), client.limits["maxFrameBytes"]
            client.post(b"Content-Length: %d\r\n\r\n" % whole)
            for _ in range(whole // MIB - 1):
                client.post(b"x" * MIB)
            highest = gauge.highest()
            allowed = bound(base, client.limits, Load(sessions=2, request_bytes=whole, amplification=1))
            client.close_stdin()
            assert client.wait_exit() == 1
            assert set(company.sessions) == client.closed
    ledger.enter("half a body for ever", tried=tries, measured=measured(highest, allowed))
    assert highest <= allowed


def test_the_request_that_takes_the_most_memory_takes_what_the_formula_says_and_gives_it_back(ledger: Ledger) -> None:
    frame_bytes, tries = dose(short=2, ci=8, long=16) * MIB, dose(short=2, ci=1, long=20)
    with TallyingClient(f"--max-frame-bytes={frame_bytes}") as client:
        company, gauge = Company(client), Gauge(client.server_pid)
        base = gauge.reset()
        body = most_memory(frame_bytes, client.limits["maxMessageValues"])
        assert len(body) == frame_bytes
        for _ in range(tries):
            client.post_uncounted(frame_of(body), 1)
            client.wait_for_uncounted()
        highest = gauge.highest()
        company.talk(2)
        after = gauge.now()
        allowed = bound(base, client.limits, Load(sessions=2, request_bytes=frame_bytes))
        kept = bound(base, client.limits, Load(sessions=2, request_bytes=frame_bytes, amplification=1))
        client.finish()
    times = (highest - base) / frame_bytes
    ledger.enter(
        "the request that takes the most memory",
        tried=tries,
        measured=f"{measured(highest, allowed)}, {times:.0f} frames; afterwards {mib(after - base)} more than before",
    )
    assert highest <= allowed
    assert after <= kept


@pytest.mark.parametrize("text", ["A='{}😀'", "A='{}"], ids=["one value", "no end"])
def test_a_file_of_variables_takes_what_the_formula_says(ledger: Ledger, tmp_path: Path, text: str) -> None:
    size, tries = 256 * 1024, dose(short=2, ci=4, long=20)
    file = tmp_path / "worst.env"
    file.write_text(text.format("x" * (size - 16)))
    with TallyingClient(f"--max-env-file-bytes={size}") as client:
        company, gauge = Company(client), Gauge(client.server_pid)
        base = gauge.reset()
        for _ in range(tries):
            client.post_uncounted(uncounted("session/spawn", {"argv": ["true"], "envFile": str(file)}), 1)
            client.wait_for_uncounted()
        company.talk(2)
        highest = gauge.highest()
        allowed = bound(base, client.limits, Load(sessions=2 + tries, env_file_bytes=size))
        client.finish()
    ledger.enter("the file of variables that takes the most memory", tried=tries, measured=measured(highest, allowed))
    assert highest <= allowed


def test_a_request_of_too_many_values_is_refused_before_anything_is_made_of_it(ledger: Ledger) -> None:
    frame_bytes, tries = dose(short=2, ci=8, long=16) * MIB, dose(short=2, ci=1, long=20)
    with TallyingClient(f"--max-frame-bytes={frame_bytes}") as client:
        company, gauge = Company(client), Gauge(client.server_pid)
        base = gauge.reset()
        for _ in range(tries):
            client.post(frame_of(too_many_values(frame_bytes)))
        company.talk(2)
        assert client.malformed == tries
        highest = gauge.highest()
        allowed = bound(base, client.limits, Load(sessions=2, request_bytes=frame_bytes, amplification=2))
        client.finish()
    ledger.enter("a request of too many values", tried=tries, measured=measured(highest, allowed))
    assert highest <= allowed


def test_arguments_full_of_quotes_are_not_quoted_whole(ledger: Ledger) -> None:
    frame_bytes, tries = dose(short=2, ci=8, long=16) * MIB, dose(short=2, ci=1, long=20)
    with TallyingClient(f"--max-frame-bytes={frame_bytes}") as client:
        company, gauge = Company(client), Gauge(client.server_pid)
        base = gauge.reset()
        argv = ["true", "😀" + "'" * (frame_bytes - 200)]
        for _ in range(tries):
            client.post_uncounted(uncounted("session/spawn", {"argv": argv}), 1)
            client.wait_for_uncounted()
        highest = gauge.highest()
        company.talk(2)
        allowed = bound(base, client.limits, Load(sessions=2, request_bytes=frame_bytes))
        client.finish()
    ledger.enter("arguments full of quotes", tried=tries, measured=measured(highest, allowed))
    assert highest <= allowed


def test_ids_as_long_as_a_frame_are_not_kept_by_requests_that_wait(ledger: Ledger) -> None:
    tries, id_bytes = dose(short=16, ci=32, long=1024), MIB
    with TallyingClient() as client:
        company, gauge = Company(client), Gauge(client.server_pid)
        base = gauge.reset()
        for number in range(tries):
            request = {"id": f"{number}-" + "x" * id_bytes, "method": "session/wait"}
            client.post(frame({"jsonrpc": "2.0", **request, "params": {"sessionId": company.sessions[0]}}))
            company.talk(1)  # Behind the refusal, which bears the id: none of them waits for the client.
        now = gauge.now()
        load = Load(sessions=2, request_bytes=id_bytes, amplification=5)
        allowed = bound(base, client.limits, load) + client.limits["maxPendingIdBytes"]
        client.finish()
    ledger.enter("ids of a mebibyte", tried=tries, measured=measured(now, allowed))
    assert now <= allowed


def test_one_piece_of_news_for_thousands_that_wait_does_not_fill_the_memory(ledger: Ledger) -> None:
    waiting, rounds = 3000, dose(short=1, ci=2, long=20)
    with TallyingClient() as client:
        company, gauge = Company(client), Gauge(client.server_pid)
        source = shell(
            "while read _; do dd if=/dev/zero bs=65536 count=1 2>/dev/null | LC_ALL=C tr '\\000' '\\377'; done"
        )
        session = client.spawn(source, attach=[], graceMs=0)
        base = gauge.reset()
        for _ in range(rounds):
            end = client.request("session/info", {"sessionId": session})["stdout"]["endOffset"]
            params = {"sessionId": session, "stream": "stdout", "fromOffset": end, "waitMs": 60_000, "maxBytes": MIB}
            with client.not_reading():
                requests = [client.start("session/read", params) for _ in range(waiting)]
                client.start_uncounted("session/write", {"sessionId": session, "data": "\n"})
            lengths = [client.result(request)["length"] for request in requests]
            assert min(lengths) > 0
        highest = gauge.highest()
        load = Load(
            sessions=3, ring_bytes=6 * client.limits["defaultBacklogBytes"], pending=waiting, outbound_bytes=MIB
        )
        allowed = bound(base, client.limits, load)
        company.talk(1)
        client.finish()
    ledger.enter(
        "news for thousands of requests that wait", tried=rounds * waiting, measured=measured(highest, allowed)
    )
    assert highest <= allowed
