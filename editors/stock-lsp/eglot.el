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

;; Nothing waits for an answer: `jsonrpc-request' leaves what comes right behind one, such as the diagnostics of a job
;; that ends at once, unread until something else comes (a throw ends the process filter early).
(defun pipe-rpc-execute (command &optional argument then)
  "Execute COMMAND of pipe-rpc, with ARGUMENT where there is one; THEN gets its answer."
  (let ((server (or (eglot-current-server) (user-error "Type M-x eglot first, in a buffer that pipe-rpc is for"))))
    (jsonrpc-async-request server :workspace/executeCommand
                           (list :command (concat "pipe-rpc." command)
                                 :arguments (if argument (vector argument) []))
                           :success-fn (or then #'ignore)
                           :error-fn (lambda (answer) (message "pipe-rpc: %s" (plist-get answer :message)))
                           :timeout-fn (lambda () (message "pipe-rpc: no answer to %s in time" command)))
    nil))

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
