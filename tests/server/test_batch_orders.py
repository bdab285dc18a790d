"""Every order of one batch of events at the server: what reaches the wire is right, whatever the kernel reports first.

tests/session/test_event_orders.py looks at a session alone; here the client's requests and its end are in the batch
too, and the oracle judges what was said.
"""

import pytest

from tests.server.batch import ORDERS, Scenario, batch, orders
from tests.support.dose import dose
from tests.support.ledger import Ledger

pytestmark = pytest.mark.attack

MAIN = [
    Scenario("a detach and the end of input"),
    Scenario("a forced removal and the end of input", request="remove", timer="timeout"),
]
"""In all orders in the continuous integration."""

OTHERS = [
    Scenario("nobody is attached", request="read", attach=()),
    Scenario("a theft", request="steal", gone="process"),
    Scenario("a theft while each event has its turn", request="steal", spread=True),
    Scenario("a detach while each event has its turn", spread=True, timer="timeout"),
    Scenario("the client hangs up", request="steal", gone="hang-up"),
    Scenario("the client hangs up while each event has its turn", request="remove", gone="hang-up", spread=True),
    Scenario("a grandchild holds the streams", held=True),
    Scenario("a grandchild holds the streams of a removed session", request="remove", gone="process", held=True),
    Scenario("rings too small for the batch", request="read", backlog_bytes=1024),
    Scenario("rings that overflow", request="detach", backlog_bytes=1024, overflow="dropOldest", gone="process"),
    Scenario("rings that overflow in turns", request="steal", backlog_bytes=1024, overflow="dropOldest", spread=True),
    Scenario("a kill", request="kill", timer="timeout"),
    Scenario("a last write that closes stdin", request="write", spread=True),
    Scenario("a cancellation", request="cancel", timer="timeout", spread=True),
    Scenario("a shutdown", request="shutdown"),
    Scenario("a shutdown, a time-out and the end of the client's process", "shutdown", "process", "timeout"),
    Scenario("a list", request="session/list", spread=True, attach=("stderr",)),
]


def _name(scenario: Scenario) -> str:
    return scenario.name


def _judge(scenario: Scenario, count: int, ledger: Ledger) -> None:
    chosen = orders(count, scenario.name)
    for order in chosen:
        try:
            with batch(scenario) as made:
                made.run(order)
                made.judge()
        except BaseException as error:
            error.add_note("the order was " + " - ".join(order))
            raise
    ledger.enter("orders of the events of one batch", tried=len(chosen))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("scenario", MAIN, ids=_name)
def test_in_every_order_of_a_batch_the_wire_is_right_and_nothing_is_left(scenario: Scenario, ledger: Ledger) -> None:
    _judge(scenario, dose(short=300, ci=len(ORDERS), long=len(ORDERS)), ledger)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("scenario", OTHERS, ids=_name)
def test_in_many_orders_of_other_batches_the_wire_is_right_and_nothing_is_left(
    scenario: Scenario, ledger: Ledger
) -> None:
    _judge(scenario, dose(short=20, ci=40, long=len(ORDERS)), ledger)
