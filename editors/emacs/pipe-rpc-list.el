;;; pipe-rpc-list.el --- The list of all jobs  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; One line each, kept up to date while it is shown.

;;; Code:

(require 'tabulated-list)
(require 'pipe-rpc-jobs)

(defconst pipe-rpc-list--tick 1
  "Seconds after which the times of running jobs are counted on.")

(defconst pipe-rpc-list--buffer "*pipe-rpc*"
  "The name of the list's buffer.")

(defvar pipe-rpc-list--timer nil
  "The next tick, if any.")

(defvar pipe-rpc-list-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map "\r" 'pipe-rpc-open)
    (define-key map "o" 'pipe-rpc-open-other-window)
    (define-key map "\C-o" 'pipe-rpc-display)
    (define-key map "i" 'pipe-rpc-write)
    (define-key map "r" 'pipe-rpc-rerun)
    (define-key map "k" 'pipe-rpc-stop)
    (define-key map "K" 'pipe-rpc-kill)
    (define-key map "d" 'pipe-rpc-dispose)
    (define-key map "D" 'pipe-rpc-toggle)
    (define-key map "L" 'pipe-rpc-log)
    (define-key map "w" 'pipe-rpc-copy)
    (define-key map "?" #'describe-mode)
    map)
  "Keys of the list of jobs.")

(define-derived-mode pipe-rpc-list-mode tabulated-list-mode "Jobs"
  "The list of all jobs.
\\<pipe-rpc-list-mode-map>
\\[pipe-rpc-open]	show its output here
\\[pipe-rpc-open-other-window]	show its output in another window
\\[pipe-rpc-display]	the same, and stay here
\\[pipe-rpc-write]	write a line to its stdin
\\[pipe-rpc-rerun]	run it again
\\[pipe-rpc-stop]	stop it; again: kill it
\\[pipe-rpc-kill]	kill it
\\[pipe-rpc-dispose]	kill and forget it
\\[pipe-rpc-toggle]	detach from its output, or attach again
\\[pipe-rpc-log]	what is retained of its output, as plain text
\\[pipe-rpc-copy]	copy its command

\\{pipe-rpc-list-mode-map}"
  (setq tabulated-list-format [("Job" 4 pipe-rpc-list--before-p :right-align t)
                               ("State" 12 t)
                               ("Time" 10 nil :right-align t)
                               ("Command" 0 t)]
        tabulated-list-entries #'pipe-rpc-list--entries)
  (tabulated-list-init-header))

(defun pipe-rpc-list--before-p (one other)
  "Whether ONE, an entry, is older than OTHER."
  (< (car one) (car other)))

(defun pipe-rpc-list--time (job)
  "How long JOB has run, in words."
  (let ((seconds (pipe-rpc-job-seconds job)))
    (if (< seconds 60)
        (format "%.1f s" seconds)
      (format "%d:%02d min" (/ seconds 60) (mod (floor seconds) 60)))))

(defun pipe-rpc-list--face (job)
  "The face for the state of JOB."
  (cond
   ((pipe-rpc-job-active-p job) 'compilation-info)
   ((pipe-rpc-job-failed-p job) 'error)
   (t 'success)))

(defun pipe-rpc-list--entries ()
  "What the list shows."
  (mapcar
   (lambda (job)
     (list (pipe-rpc-job-number job)
           (vector (number-to-string (pipe-rpc-job-number job))
                   (propertize (pipe-rpc-job-describe job) 'face (pipe-rpc-list--face job))
                   (pipe-rpc-list--time job)
                   (string-replace "\n" " " (pipe-rpc-job-name job)))))
   (pipe-rpc-jobs-all)))

(defun pipe-rpc-list--number ()
  "The number of the job in whose line point is; nil outside of the list.
Signals an error on other lines: no job is meant that the user does not see."
  (when (derived-mode-p 'pipe-rpc-list-mode)
    (or (tabulated-list-get-id)
        (user-error "There is no job on this line"))))

(defun pipe-rpc-list--refresh ()
  "Draw the list again, where somebody sees it."
  (setq pipe-rpc-list--timer nil)
  (let ((buffer (get-buffer pipe-rpc-list--buffer)))
    (when (and buffer (get-buffer-window buffer t))
      (with-current-buffer buffer
        (tabulated-list-print t t))
      (pipe-rpc-list--keep-counting))))

(defun pipe-rpc-list--keep-counting ()
  "Draw the list again in a while, where anything runs."
  (when (and (not pipe-rpc-list--timer) (cl-some #'pipe-rpc-job-active-p (pipe-rpc-jobs-all)))
    (setq pipe-rpc-list--timer (run-at-time pipe-rpc-list--tick nil #'pipe-rpc-list--refresh))))

(setq pipe-rpc-jobs-current-function #'pipe-rpc-list--number)

;;;###autoload
(defun pipe-rpc-list ()
  "Show the list of all jobs; \\<pipe-rpc-list-mode-map>\\[describe-mode] there tells its keys."
  (interactive)
  (add-hook 'pipe-rpc-events-change-functions #'pipe-rpc-list--refresh)
  (let ((buffer (get-buffer-create pipe-rpc-list--buffer)))
    (with-current-buffer buffer
      (unless (derived-mode-p 'pipe-rpc-list-mode)
        (pipe-rpc-list-mode))
      (tabulated-list-print t))
    (pop-to-buffer buffer)
    (pipe-rpc-list--keep-counting)
    (unless (pipe-rpc-jobs-all)
      (message "No jobs yet: M-x pipe-rpc-run"))))

(provide 'pipe-rpc-list)
;;; pipe-rpc-list.el ends here
