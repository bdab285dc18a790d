"""A small blocking client of the endpoint, and what ``pipe-rpc run`` is made of.

**Invariant:** it knows the protocol and nothing of the server's insides; one thread, no event loop.
"""

from pipe_rpc.client.blocking import PipeRpc
from pipe_rpc.client.conversation import Event
from pipe_rpc.client.errors import ClientError, DeadlineExceededError, RpcError, ServerEndedError

__all__ = ["ClientError", "DeadlineExceededError", "Event", "PipeRpc", "RpcError", "ServerEndedError"]
