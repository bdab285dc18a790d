"""pipe_rpc/client/insistence.py: who asks again is taken more seriously."""

from pipe_rpc.client.insistence import Insistence, Step


def test_each_interrupt_is_a_harder_step() -> None:
    insistence = Insistence()
    steps = [insistence.interrupt() for _ in range(5)]
    assert steps == [Step.INTERRUPT, Step.TERMINATE, Step.KILL, Step.LEAVE, Step.LEAVE]


def test_who_is_told_to_end_terminates_once_however_often_it_is_said() -> None:
    insistence = Insistence()
    assert [insistence.end() for _ in range(3)] == [Step.TERMINATE, Step.WAIT, Step.WAIT]
    assert insistence.interrupt() is Step.KILL
    assert insistence.end() is Step.WAIT
    assert insistence.interrupt() is Step.LEAVE


def test_an_interrupt_before_makes_no_difference_to_being_told_to_end() -> None:
    insistence = Insistence()
    assert insistence.interrupt() is Step.INTERRUPT
    assert insistence.end() is Step.TERMINATE
    assert insistence.interrupt() is Step.KILL
