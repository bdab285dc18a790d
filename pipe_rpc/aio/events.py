"""What happens to sessions, for whoever wants to follow it."""

from collections.abc import AsyncIterator
from functools import partial

from pipe_rpc.aio.driver import Driver
from pipe_rpc.conversation.errors import CallTimeout
from pipe_rpc.conversation.event_log import EventLog, LifeEvent


async def follow(driver: Driver, log: EventLog, start: int, timeout: float | None) -> AsyncIterator[LifeEvent]:
    """Events from number ``start`` on, as they come, each within ``timeout`` seconds.

    Raises CallTimeout, EventsMissed and EndpointGone.
    """
    number = start
    while True:
        try:
            await driver.until(partial(log.has_news, number), timeout)
        except TimeoutError:
            raise CallTimeout(f"No event within {timeout:g} s.") from None
        with driver.guard:
            if number == log.end:
                return
            event = log.get(number)
        yield event
        number += 1
