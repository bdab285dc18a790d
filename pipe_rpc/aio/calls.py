"""Requests and their answers, for a caller that waits for them.

Rules of this file: a call ends with its answer, with an error of its own, or at its time-out; then the request is
cancelled, and what the server answers to that still counts, so that a result that crossed the time-out is not lost.
Whoever is interrupted cancels too, and hears nothing of the answer.
"""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

from pipe_rpc.aio.driver import Driver
from pipe_rpc.conversation.core import Core
from pipe_rpc.conversation.errors import CallTimeout, RequestCancelled
from pipe_rpc.conversation.members import members
from pipe_rpc.conversation.pending import Pending
from pipe_rpc.protocol import types
from pipe_rpc.protocol.converter import structure
from pipe_rpc.protocol.methods import SESSION_METHODS

T = TypeVar("T")

_CANCEL_S = 1.0
"""How long the answer to a cancelled request may take."""
_PARAMS: Mapping[str, type[Any]] = {
    row.name: getattr(types, row.params) for row in SESSION_METHODS if row.params is not None
}


class Calls:
    """Asks one endpoint; safe wherever the driver is."""

    def __init__(self, core: Core, driver: Driver, answer_timeout: float | None) -> None:
        self.core = core
        self.driver = driver
        self.answer_timeout = answer_timeout
        """How long, in seconds, an answer may take that the server gives at once."""

    async def ask(
        self,
        method: str,
        result_type: type[T],
        *,
        patience: float | None,
        hook: Callable[[T], None] | None = None,
        on_late: Callable[[T], None] | None = None,
        **arguments: Any,
    ) -> T:
        """Ask for what the method table has, for ``patience`` seconds at most; arguments that are None are left out.

        ``hook`` gets the result where it stands among the notifications, ``on_late`` one for which nobody waits any
        more. Raises RpcError, CallTimeout and EndpointGone.
        """

        def read(value: Any) -> T:
            result = structure(value, result_type)
            if hook is not None:
                hook(result)
            return result

        params = members(_PARAMS[method], arguments)
        result: T = await self.call(method, params, patience=patience, on_result=read, on_late=on_late)
        return result

    async def call(
        self,
        method: str,
        params: Any,
        *,
        patience: float | None,
        on_result: Callable[[Any], Any] | None = None,
        on_late: Callable[[Any], None] | None = None,
    ) -> Any:
        """Send any request, and give its result, or what ``on_result`` makes of it."""
        pending = None
        try:
            with self.driver.guard:
                pending = self.core.request(method, params, on_result)
                self.driver.wake()
            try:
                await self.driver.until(pending.is_answered, patience)
            except TimeoutError:
                self._cancel(pending)
                await self.driver.until(pending.is_answered, _CANCEL_S)
        except BaseException as error:
            if pending is not None:
                self._abandon(pending, on_late)
            if isinstance(error, TimeoutError):
                _raise_timeout(method, patience, None)
            raise
        try:
            return pending.result()
        except RequestCancelled as error:
            _raise_timeout(method, patience, error.bytes_written)

    def notify(self, method: str, params: Any) -> None:
        """Send any notification."""
        with self.driver.guard:
            self.core.notify(method, params)
            self.driver.wake()

    def _cancel(self, pending: Pending) -> None:
        with self.driver.guard:
            self.core.cancel(pending)
            self.driver.wake()

    def _abandon(self, pending: Pending, on_late: Callable[[Any], None] | None) -> None:
        with self.driver.guard:
            if not self.core.has_ended:
                self.core.cancel(pending)
                pending.abandon(on_late)
                self.driver.wake()


def _raise_timeout(method: str, patience: float | None, bytes_written: int | None) -> NoReturn:
    within = "in time" if patience is None else f"within {patience:g} s"
    raise CallTimeout(f"No answer to {method} {within}; it was cancelled.", bytes_written) from None
