;;; pipe-rpc-lookup.el --- Finds the server  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; By `pipe-rpc-command', else as `pipe-rpc' on PATH, else as a module of `python3', else by `uvx'.

;;; Code:

(require 'pipe-rpc-settings)

(defconst pipe-rpc-lookup--python-timeout 5
  "Seconds that python3 may take to tell whether it has the module.
Longer means that something else is wrong.")

(defconst pipe-rpc-lookup--has-module
  "import importlib.util, sys; sys.exit(importlib.util.find_spec('pipe_rpc') is None)"
  "What python3 is asked.")

(defun pipe-rpc-lookup--python-has-it ()
  "Whether python3 has the server as a module."
  (when (executable-find "python3")
    (let* ((default-directory "/")
           ;; -P: what lies in the working directory is not asked.  Python learnt it in 3.11, which is needed anyway.
           (process (make-process :name "pipe-rpc-lookup" :noquery t :sentinel #'ignore :connection-type 'pipe
                                  :command (list "python3" "-P" "-c" pipe-rpc-lookup--has-module)))
           (end (+ (float-time) pipe-rpc-lookup--python-timeout)))
      (unwind-protect
          (progn
            (while (and (process-live-p process) (< (float-time) end))
              (accept-process-output process 0.05))
            (and (not (process-live-p process)) (eql (process-exit-status process) 0)))
        (delete-process process)))))

(defun pipe-rpc-lookup-find ()
  "The command that starts the server, and where it was found: (COMMAND . HOW).
Signals a `user-error' that says what to do where there is none."
  (let ((configured (pipe-rpc-settings-get 'pipe-rpc-command)))
    (cond
     ((and configured (executable-find (car configured)))
      (cons configured "by pipe-rpc-command"))
     (configured
      (user-error "The setting pipe-rpc-command names %s, which is no executable program: mend or remove it"
                  (car configured)))
     ((executable-find "pipe-rpc")
      (cons '("pipe-rpc" "--stdio") "on PATH"))
     ((pipe-rpc-lookup--python-has-it)
      (cons '("python3" "-P" "-m" "pipe_rpc" "--stdio") "as a module of python3"))
     ((executable-find "uvx")
      (cons '("uvx" "pipe-rpc" "--stdio") "by uvx, which downloads it where needed"))
     (t
      (user-error "The server was not found: run `pipx install pipe-rpc', or set pipe-rpc-command to where it is")))))

(provide 'pipe-rpc-lookup)
;;; pipe-rpc-lookup.el ends here
