"""Streams into files: session/tee, session/untee, and the tees of a spawn."""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pipe_rpc.child.file_writer import FileWriter, Mode
from pipe_rpc.errors import ErrorCode, PipeRpcError, shown
from pipe_rpc.protocol.envelope import DEFERRED, Deferred
from pipe_rpc.protocol.problems import invalid_params
from pipe_rpc.protocol.types.params import SpawnParams, TeeParams, UnteeParams
from pipe_rpc.server.call import Call
from pipe_rpc.server.to_wire import Members, tee_end
from pipe_rpc.session.announcement import StreamName
from pipe_rpc.session.session import Session
from pipe_rpc.session.tee import TeeEnd


def tee(call: Call, params: TeeParams) -> Members:
    """session/tee: a TeeResult."""
    session, name = call.registry.get(params.session_id), StreamName(params.stream)
    if session.stream(name).tee is not None:
        raise PipeRpcError(
            ErrorCode.ALREADY_TEED,
            f"{name} of session {session.session_id} goes into a file already. End that with session/untee first.",
            sessionId=session.session_id,
            stream=name,
        )
    _require_absolute(params.path, "params.path")
    return {"offset": _set(call, session, name, _open(params.path, params.mode), params.path)}


def untee(call: Call, params: UnteeParams) -> Members | Deferred:
    """session/untee: a TeeResult."""
    session, name = call.registry.get(params.session_id), StreamName(params.stream)
    if session.stream(name).tee is None:
        raise PipeRpcError(
            ErrorCode.NOT_TEED,
            f"{name} of session {session.session_id} goes into no file, or does no more.",
            sessionId=session.session_id,
            stream=name,
        )
    call.pending.require_room(call.request_id)
    pending = call.pending.open(call.request_id, session.session_id)

    def ended(end: TeeEnd) -> None:
        pending.answer({"offset": end.offset} if end.errno == 0 else _failed(end))

    pending.release = lambda: session.tees.forget_callback(name, ended)
    session.tees.stop(name, ended)
    return DEFERRED


@contextmanager
def tees_of_spawn(params: SpawnParams) -> Iterator[Mapping[StreamName, FileWriter]]:
    """Open the files of a spawn, before anything runs; those that nobody takes over are closed again.

    Raises PipeRpcError: INVALID_PARAMS, STREAM_UNAVAILABLE or TEE_FAILED.
    """
    for name, target in params.tee.items():
        _require_absolute(target.path, f"params.tee.{name}.path")
    if params.merge_stderr and "stderr" in params.tee:
        raise PipeRpcError(
            ErrorCode.STREAM_UNAVAILABLE,
            "With mergeStderr there is no stderr to write down: its bytes are in stdout.",
            stream="stderr",
        )
    writers: dict[StreamName, FileWriter] = {}
    try:
        for name, target in params.tee.items():
            writers[StreamName(name)] = _open(target.path, target.mode)
        yield writers
    except BaseException:
        for writer in writers.values():
            writer.discard()
        raise


def set_all(call: Call, session: Session, writers: Mapping[StreamName, FileWriter], params: SpawnParams) -> None:
    """Let the streams of a new session go into their files."""
    for name, target in params.tee.items():
        _set(call, session, StreamName(name), writers[StreamName(name)], target.path)


def _set(call: Call, session: Session, name: StreamName, writer: FileWriter, path: str) -> int:
    return session.tees.set(name, writer, path, stall_s=call.limits.tee_stall_ms / 1000)


def _require_absolute(path: str, where: str) -> None:
    if not path.startswith("/"):
        raise invalid_params([(where, "must be an absolute path")])


def _open(path: str, mode: Mode) -> FileWriter:
    try:
        return FileWriter(path, mode)
    except OSError as error:
        raise PipeRpcError(
            ErrorCode.TEE_FAILED,
            f"The file {shown(path)!r} cannot be written: {error.strerror}. Check the path and its permissions.",
            errno=errno.errorcode.get(error.errno or 0, str(error.errno)),
            message=error.strerror or os.strerror(error.errno or 0),
            path=path[:4096],
        ) from None


def _failed(end: TeeEnd) -> PipeRpcError:
    return PipeRpcError(
        ErrorCode.TEE_FAILED,
        f"The file {shown(end.path)!r} is incomplete: {end.reason}. Every byte before offset {end.offset} is in it.",
        **tee_end(end),
    )
