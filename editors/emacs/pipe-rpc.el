;;; pipe-rpc.el --- Background jobs that cannot freeze the editor  -*- lexical-binding: t -*-

;; Copyright (c) 2026 The pipe-rpc authors
;; SPDX-License-Identifier: MIT

;; Author: The pipe-rpc authors
;; Maintainer: The pipe-rpc authors
;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1"))
;; Keywords: processes, tools

;;; Commentary:

;; A server of its own runs the jobs, a flood of output is read at the pace of the editor, and stop always works.
;; `pipe-rpc-run', `pipe-rpc-shell' and `pipe-rpc-list' are where to begin.
;;
;;     (pipe-rpc-start :argv '("make" "-j2")
;;                     :on-exit (lambda (job) (message "%s" (pipe-rpc-job-describe job))))

;;; Code:

(require 'pipe-rpc-jobs)

;;;###autoload
(autoload 'pipe-rpc-command-map "pipe-rpc-command" "Keys of pipe-rpc, to be bound to one of your own." t 'keymap)

(defun pipe-rpc--check (name value fits wanted)
  "Signal an error unless VALUE of the argument NAME is nil, or FITS.
WANTED says what would."
  (unless (or (null value) (funcall fits value))
    (user-error "A job's %s must be %s, and not %S" name wanted value)))

(defun pipe-rpc--strings-p (value)
  "Whether VALUE is a list of strings."
  (and (proper-list-p value) (cl-every #'stringp value)))

;;;###autoload
(cl-defun pipe-rpc-start (&key argv shell cwd env name tee timeout matcher (show 'default) on-output on-exit)
  "Start a job and return it.
ARGV is a program and its arguments; or else SHELL is a line for the shell.
CWD is the directory, by default `default-directory'.
ENV is laid over the environment: strings as in `process-environment'.
NAME is what to show for it, by default the command.
TEE is a file that gets every byte as well.
TIMEOUT is the number of seconds after which it is stopped.
MATCHER is a list as `compilation-error-regexp-alist', to be used instead.
SHOW says whether its output is shown, by default as `pipe-rpc-show' does.
ON-OUTPUT is called with text and the job, ON-EXIT with the job."
  (unless (xor (and (consp argv) (pipe-rpc--strings-p argv)) (stringp shell))
    (user-error "A job needs either :argv, a list of strings that is not empty, or :shell, a string"))
  (pipe-rpc--check :cwd cwd #'stringp "a directory")
  (pipe-rpc--check :env env #'pipe-rpc--strings-p "a list of strings as NAME=VALUE")
  (pipe-rpc--check :name name #'stringp "a string")
  (pipe-rpc--check :tee tee #'stringp "the name of a file")
  (pipe-rpc--check :timeout timeout (lambda (value) (and (numberp value) (> value 0))) "seconds above 0")
  (pipe-rpc--check :matcher matcher #'proper-list-p "a list as `compilation-error-regexp-alist'")
  (let ((cwd (expand-file-name (file-name-as-directory (or cwd default-directory)))))
    (when (file-remote-p cwd)
      (user-error "Jobs run on this machine, and %s is on another" cwd))
    (pipe-rpc--show-status)
    (let ((job (pipe-rpc-jobs-start
                (list :argv argv :shell shell :cwd cwd :env env :name name :tee tee :timeout timeout :matcher matcher
                      :environment (and (local-variable-p 'process-environment) process-environment)
                      :on-output on-output :on-exit on-exit))))
      (when (if (eq show 'default) (pipe-rpc-settings-get 'pipe-rpc-show) show)
        (pipe-rpc-output-show (pipe-rpc-job-output job)))
      job)))

(defun pipe-rpc-job (&optional number)
  "The job NUMBER, or the one that a command without a number means; or nil."
  (if number (pipe-rpc-jobs-get number) (pipe-rpc-jobs-current)))

;;; What users are told

(defun pipe-rpc-status ()
  "Such as \"2 running, 1 failed\", for a mode line."
  (pipe-rpc-jobs-status))

(defun pipe-rpc--mode-line ()
  "What `global-mode-string' shows."
  (let ((status (pipe-rpc-status)))
    (if (string-empty-p status) "" (format "[%s] " status))))

(defun pipe-rpc--show-status ()
  "Count jobs in the mode line, unless the user has no wish for that."
  (when (pipe-rpc-settings-get 'pipe-rpc-show-status)
    (setq global-mode-string (or global-mode-string '("")))
    (add-to-list 'global-mode-string '(:eval (pipe-rpc--mode-line)) t)))

(defun pipe-rpc--running (job)
  "JOB runs: tell the user's hook."
  (pipe-rpc-events-call #'run-hook-with-args 'pipe-rpc-start-functions job))

(defun pipe-rpc--over (job)
  "JOB is over: tell the user's hook, and the user where that is of interest."
  (let ((failed (pipe-rpc-job-failed-p job)))
    ;; That the server died is told once, and not for each job.
    (when (if failed
              (and (pipe-rpc-settings-get 'pipe-rpc-notify-failures) (not (eq (pipe-rpc-job-state job) 'lost)))
            (>= (pipe-rpc-job-seconds job) (pipe-rpc-settings-get 'pipe-rpc-notify-after)))
      (message "pipe-rpc: %s: %s after %.1f s" (pipe-rpc-job-name job)
               (or (pipe-rpc-job-problem job) (pipe-rpc-job-describe job)) (pipe-rpc-job-seconds job))))
  (pipe-rpc-events-call #'run-hook-with-args 'pipe-rpc-exit-functions job))

(add-hook 'pipe-rpc-job-running-functions #'pipe-rpc--running)
(add-hook 'pipe-rpc-job-over-functions #'pipe-rpc--over)

(provide 'pipe-rpc)
;;; pipe-rpc.el ends here
