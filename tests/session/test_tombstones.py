"""pipe_rpc/session/tombstones.py: forgotten sessions are remembered, the newest of them."""

from __future__ import annotations

import pytest

from pipe_rpc.session.description import Exit
from pipe_rpc.session.lifecycle import Outcome
from pipe_rpc.session.tombstones import Farewell, SessionForgottenError, Tombstone, Tombstones
from tests.session.harness import EXITED_0

ENDED = Exit(EXITED_0, Outcome.NATURAL_EXIT, None, 1.0, 2.0)


def remembered(tombstones: Tombstones, session_id: str) -> Tombstone:
    with pytest.raises(SessionForgottenError, match=session_id) as caught:
        tombstones.require_unknown(session_id)
    return caught.value.tombstone


def test_one_that_was_never_added_is_unknown() -> None:
    tombstones = Tombstones(2)
    tombstones.require_unknown("never")
    tombstones.ended("never", ENDED)
    tombstones.require_unknown("never")
    assert len(tombstones) == 0


def test_why_it_was_forgotten_and_how_it_ended_are_remembered() -> None:
    tombstones = Tombstones(2)
    tombstones.add(Tombstone("one", Farewell.PURGED, ENDED))
    assert remembered(tombstones, "one") == ("one", Farewell.PURGED, ENDED)


def test_beyond_the_limit_the_oldest_goes_for_good() -> None:
    tombstones = Tombstones(2)
    for name in ("one", "two", "three"):
        tombstones.add(Tombstone(name, Farewell.RETENTION, ENDED))
    assert len(tombstones) == 2
    tombstones.require_unknown("one")
    assert remembered(tombstones, "two").session_id == "two"
    assert remembered(tombstones, "three").session_id == "three"


def test_an_end_that_comes_later_is_added() -> None:
    tombstones = Tombstones(2)
    tombstones.add(Tombstone("one", Farewell.REMOVED, None))
    tombstones.ended("one", ENDED)
    assert remembered(tombstones, "one").exit is ENDED
