;;; eglot.el --- pipe-rpc in Emacs through eglot, without a package of its own  -*- lexical-binding: t -*-

;;; Commentary:

;; Load this file from your init file: (load "…/editors/stock-lsp/eglot.el").
;; eglot has one server for each buffer, so pipe-rpc is for modes that have no other: it is the last in the list.

;;; Code:

(require 'eglot)

(add-to-list 'eglot-server-programs
             '((text-mode prog-mode conf-mode)
               . ("pipe-rpc" "--stdio"
                  ;; What turns the output of jobs into diagnostics; the first that finds something in a line counts.
                  :initializationOptions (:problemMatcher ["$mypy" "$gcc" "$cargo" "$tsc" "$go"])))
             t)

(defun pipe-rpc-execute (command &optional argument)
  "Execute COMMAND of pipe-rpc, with ARGUMENT where there is one, and return its answer."
  (let ((server (or (eglot-current-server) (user-error "Type M-x eglot first, in a buffer that pipe-rpc is for"))))
    (jsonrpc-request server :workspace/executeCommand
                     (list :command (concat "pipe-rpc." command)
                           :arguments (if argument (vector argument) [])))))

(defun pipe-rpc-run (line)
  "Run the shell LINE as a job in the current directory."
  (interactive "sRun: ")
  (pipe-rpc-execute "run" (list :argv (vector "/bin/sh" "-c" line)
                                :command line
                                :cwd (expand-file-name default-directory))))

(defun pipe-rpc-rerun-last ()
  "Run the last job again."
  (interactive)
  (pipe-rpc-execute "rerunLast"))

(defun pipe-rpc-stop ()
  "Terminate all jobs."
  (interactive)
  (pipe-rpc-execute "terminateAll"))

(provide 'pipe-rpc-eglot)
;;; eglot.el ends here
