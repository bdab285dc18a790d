"""Who reads along: a cursor over a ring, and what happens while its client reads too slowly."""

from enum import StrEnum

from pipe_rpc.buffers.text import Encoding


class Overflow(StrEnum):
    """What happens while the client reads too slowly."""

    BLOCK = "block"
    DROP_OLDEST = "dropOldest"


class Attachment:
    """A cursor over a ring: ``offset`` is the next byte to deliver."""

    def __init__(self, attachment_id: str, offset: int, encoding: Encoding) -> None:
        self.attachment_id = attachment_id
        self.offset = offset
        self.encoding = encoding

    def __repr__(self) -> str:
        return f"<Attachment {self.attachment_id} at {self.offset}>"
