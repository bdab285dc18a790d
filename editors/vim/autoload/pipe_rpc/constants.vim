vim9script
# The names and numbers of the wire.
# Made by `python -m tests.house.generate`; do not edit.

export const PROTOCOL_VERSION = 1

export const METHODS = {
  SPAWN: 'session/spawn',
  RUN: 'session/run',
  ATTACH: 'session/attach',
  DETACH: 'session/detach',
  READ: 'session/read',
  WRITE: 'session/write',
  SIGNAL: 'session/signal',
  TERMINATE: 'session/terminate',
  TERMINATE_ALL: 'session/terminateAll',
  WAIT: 'session/wait',
  WAIT_FOR: 'session/waitFor',
  TEE: 'session/tee',
  UNTEE: 'session/untee',
  INFO: 'session/info',
  LIST: 'session/list',
  REMOVE: 'session/remove',
  PURGE: 'session/purge',
}

export const NOTIFICATIONS = {
  OUTPUT: 'session/output',
  DETACHED: 'session/detached',
  TEE_ERROR: 'session/teeError',
  EXITED: 'session/exited',
  CLOSED: 'session/closed',
}

export const KINDS = {
  '-32700': 'ParseError',
  '-32600': 'InvalidRequest',
  '-32601': 'MethodNotFound',
  '-32602': 'InvalidParams',
  '-32603': 'InternalError',
  '-32002': 'ServerNotInitialized',
  '-32800': 'RequestCancelled',
  '1001': 'SessionNotFound',
  '1002': 'SpawnFailed',
  '1003': 'AlreadyAttached',
  '1004': 'NotAttached',
  '1005': 'StreamUnavailable',
  '1006': 'StdinClosed',
  '1007': 'StdinFull',
  '1008': 'SessionRunning',
  '1009': 'LimitExceeded',
  '1010': 'OffsetOutOfRange',
  '1011': 'SignalFailed',
  '1012': 'TeeFailed',
  '1013': 'AlreadyTeed',
  '1014': 'NotTeed',
}
