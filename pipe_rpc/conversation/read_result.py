"""The answer to session/read, with its bytes."""

import attrs

from pipe_rpc.conversation.messages import output_bytes
from pipe_rpc.protocol import types


@attrs.frozen(kw_only=True)
class ReadResult(types.ReadResult):
    """A piece of a ring."""

    @property
    def raw(self) -> bytes:
        """The bytes; exact unless "utf-8" was asked for."""
        return output_bytes(self)
