;;; pipe-rpc-constants.el --- The names and numbers of the wire  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Made by `python -m tests.house.generate'; do not edit.

;;; Code:

(defconst pipe-rpc-protocol-version 1
  "The version of the protocol that this package speaks.")

(defconst pipe-rpc-method-spawn "session/spawn"
  "The method `session/spawn'.")

(defconst pipe-rpc-method-run "session/run"
  "The method `session/run'.")

(defconst pipe-rpc-method-attach "session/attach"
  "The method `session/attach'.")

(defconst pipe-rpc-method-detach "session/detach"
  "The method `session/detach'.")

(defconst pipe-rpc-method-read "session/read"
  "The method `session/read'.")

(defconst pipe-rpc-method-write "session/write"
  "The method `session/write'.")

(defconst pipe-rpc-method-signal "session/signal"
  "The method `session/signal'.")

(defconst pipe-rpc-method-terminate "session/terminate"
  "The method `session/terminate'.")

(defconst pipe-rpc-method-terminate-all "session/terminateAll"
  "The method `session/terminateAll'.")

(defconst pipe-rpc-method-wait "session/wait"
  "The method `session/wait'.")

(defconst pipe-rpc-method-wait-for "session/waitFor"
  "The method `session/waitFor'.")

(defconst pipe-rpc-method-tee "session/tee"
  "The method `session/tee'.")

(defconst pipe-rpc-method-untee "session/untee"
  "The method `session/untee'.")

(defconst pipe-rpc-method-info "session/info"
  "The method `session/info'.")

(defconst pipe-rpc-method-list "session/list"
  "The method `session/list'.")

(defconst pipe-rpc-method-remove "session/remove"
  "The method `session/remove'.")

(defconst pipe-rpc-method-purge "session/purge"
  "The method `session/purge'.")

(defconst pipe-rpc-notification-output "session/output"
  "The notification `session/output'.")

(defconst pipe-rpc-notification-detached "session/detached"
  "The notification `session/detached'.")

(defconst pipe-rpc-notification-tee-error "session/teeError"
  "The notification `session/teeError'.")

(defconst pipe-rpc-notification-exited "session/exited"
  "The notification `session/exited'.")

(defconst pipe-rpc-notification-closed "session/closed"
  "The notification `session/closed'.")

(defconst pipe-rpc-error-kinds
  '((-32700 . "ParseError")
    (-32600 . "InvalidRequest")
    (-32601 . "MethodNotFound")
    (-32602 . "InvalidParams")
    (-32603 . "InternalError")
    (-32002 . "ServerNotInitialized")
    (-32800 . "RequestCancelled")
    (1001 . "SessionNotFound")
    (1002 . "SpawnFailed")
    (1003 . "AlreadyAttached")
    (1004 . "NotAttached")
    (1005 . "StreamUnavailable")
    (1006 . "StdinClosed")
    (1007 . "StdinFull")
    (1008 . "SessionRunning")
    (1009 . "LimitExceeded")
    (1010 . "OffsetOutOfRange")
    (1011 . "SignalFailed")
    (1012 . "TeeFailed")
    (1013 . "AlreadyTeed")
    (1014 . "NotTeed"))
  "The names of errors, by their codes.")

(provide 'pipe-rpc-constants)
;;; pipe-rpc-constants.el ends here
