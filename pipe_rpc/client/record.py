"""A conversation that is written down while it goes on: what ``pipe-rpc record`` adds to a relay or a proxy."""

from typing import Any

from pipe_rpc.client.recording_file import RecordingFile
from pipe_rpc.conversation.recorder import Recorder


class Record:
    """Writes each message into the file as it comes; whoever has it closes the file."""

    def __init__(self, recorder: Recorder, file: RecordingFile) -> None:
        self._recorder = recorder
        self._file = file
        file.write(recorder.header)

    def sent(self, message: Any) -> None:
        """The client sent a message."""
        self._file.write(self._recorder.sent(message))

    def received(self, message: Any) -> None:
        """The server sent a message."""
        self._file.write(self._recorder.received(message))

    def note(self, text: str) -> None:
        """Something that is no message, for people."""
        self._file.write(self._recorder.note(text))

    def unrecorded(self, text: str) -> None:
        """Something was said that is not written down."""
        self._file.write(self._recorder.unrecorded(text))

    def client_ended(self) -> None:
        """The client has ended its output."""
        self._file.write(self._recorder.client_ended())

    def server_ended(self, status: int) -> None:
        """The server has ended; this is the last line."""
        self._file.write(self._recorder.server_ended(status))
        self._file.close()
