;;; pipe-rpc-events.el --- What the rest of Emacs hears of jobs  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Messages, and that something changed.

;;; Code:

(defvar pipe-rpc-events-change-functions nil
  "Functions without arguments, called when jobs have changed.
Several changes in one turn of the command loop are one call.")

(defvar pipe-rpc-events--timer nil
  "The call to come, if any.")

(defun pipe-rpc-events--tell ()
  "Tell that jobs have changed."
  (setq pipe-rpc-events--timer nil)
  (run-hooks 'pipe-rpc-events-change-functions)
  (force-mode-line-update t))

(defun pipe-rpc-events-changed ()
  "Something changed that lists and mode lines show."
  (unless pipe-rpc-events--timer
    (setq pipe-rpc-events--timer (run-at-time 0 nil #'pipe-rpc-events--tell))))

(defun pipe-rpc-events-complain (format &rest arguments)
  "Tell the user why something was not done, by FORMAT and ARGUMENTS."
  (message "pipe-rpc: %s" (apply #'format format arguments)))

(defun pipe-rpc-events-call (hook &rest arguments)
  "Call HOOK, which a user gave, with ARGUMENTS.
An error of theirs stops nothing of ours."
  (when hook
    (condition-case-unless-debug problem
        (apply hook arguments)
      (error (pipe-rpc-events-complain "%s" (error-message-string problem))))))

(provide 'pipe-rpc-events)
;;; pipe-rpc-events.el ends here
