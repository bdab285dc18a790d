"""pipe_rpc/session/announcement.py: the words that a client reads."""

from pipe_rpc.session.announcement import DetachReason, StreamName


def test_the_words_of_the_contract_are_the_values() -> None:
    assert [name.value for name in StreamName] == ["stdout", "stderr"]
    assert [reason.value for reason in DetachReason] == ["detached", "stolen", "ended", "removed"]
