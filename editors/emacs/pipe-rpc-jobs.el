;;; pipe-rpc-jobs.el --- All jobs of this Emacs  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; And which of them a message of the server, or a command of the user, is about.

;;; Code:

(require 'pipe-rpc-job)

(defvar pipe-rpc-jobs--all nil
  "All jobs, newest first.")

(defvar pipe-rpc-jobs--count 0
  "How many jobs there have been.")

(defvar pipe-rpc-jobs-current-function #'ignore
  "Returns the number of the job that the current buffer means, or nil.")

(defun pipe-rpc-jobs-all ()
  "All jobs, oldest first."
  (reverse pipe-rpc-jobs--all))

(defun pipe-rpc-jobs-get (number)
  "The job NUMBER, or nil."
  (cl-find number pipe-rpc-jobs--all :key #'pipe-rpc-job-number))

(defun pipe-rpc-jobs-here ()
  "The job whose buffer, or whose line of the list, point is in; or nil."
  (pipe-rpc-jobs-get (or pipe-rpc-output-job (funcall pipe-rpc-jobs-current-function))))

(defun pipe-rpc-jobs-current ()
  "The job that is meant where none is named, or nil.
It is the one here, else the newest that runs, else the newest."
  (or (pipe-rpc-jobs-here)
      (cl-find-if #'pipe-rpc-job-active-p pipe-rpc-jobs--all)
      (car pipe-rpc-jobs--all)))

(defun pipe-rpc-jobs-last-started ()
  "The job that was started last, or nil."
  (car (sort (copy-sequence pipe-rpc-jobs--all)
             (lambda (one other) (> (pipe-rpc-job-started-at one) (pipe-rpc-job-started-at other))))))

(defun pipe-rpc-jobs--notification (method params)
  "The server tells METHOD with PARAMS."
  (when-let ((job (cl-find (plist-get params :sessionId) pipe-rpc-jobs--all
                           :key #'pipe-rpc-job-session :test #'equal)))
    (pcase method
      ((pred (equal pipe-rpc-notification-exited))
       (pipe-rpc-job-exited job params))
      ((pred (equal pipe-rpc-notification-tee-error))
       (pipe-rpc-events-complain "job %d: %s: %s" (pipe-rpc-job-number job)
                                 (plist-get params :path) (plist-get params :message))))))

(defun pipe-rpc-jobs--lost (how)
  "The server has ended; HOW says the way."
  (let ((lost 0))
    (dolist (job pipe-rpc-jobs--all)
      (pipe-rpc-job-lose job how)
      (when (and (pipe-rpc-job-session job) (eq (pipe-rpc-job-state job) 'lost))
        (cl-incf lost))
      ;; What it retained is gone, also of jobs that had exited.
      (setf (pipe-rpc-job-session job) nil))
    (pipe-rpc-events-complain
     "the server ended %s%s. It is started again at the next use." how
     (if (zerop lost) "" (format " and took %d running job%s with it" lost (if (= lost 1) "" "s"))))))

(setq pipe-rpc-server-notification-function #'pipe-rpc-jobs--notification
      pipe-rpc-server-lost-function #'pipe-rpc-jobs--lost)

(defun pipe-rpc-jobs--abandoned (number)
  "The buffer of the job NUMBER is killed."
  (when-let ((job (pipe-rpc-jobs-get number)))
    (pipe-rpc-job-abandon job)))

(add-hook 'pipe-rpc-job-abandoned-functions #'pipe-rpc-jobs--abandoned)

(defun pipe-rpc-jobs--interrupt (process &optional _current-group)
  "Stop the job whose buffer belongs to PROCESS, as `kill-compilation' wishes.
Return nil where it belongs to none; PROCESS may also be what names a process."
  (when-let* (((processp process))
              (buffer (process-buffer process))
              ((buffer-live-p buffer))
              (job (pipe-rpc-jobs-get (buffer-local-value 'pipe-rpc-output-job buffer))))
    (pipe-rpc-job-stop job)
    t))

(defun pipe-rpc-jobs--ask-at-exit ()
  "Let Emacs ask before it quits while anything runs, as for other processes."
  (pipe-rpc-server-ask-at-exit (cl-some #'pipe-rpc-job-active-p pipe-rpc-jobs--all)))

(defun pipe-rpc-jobs-start (spec)
  "Start a job, as SPEC says, and return it."
  (add-hook 'interrupt-process-functions #'pipe-rpc-jobs--interrupt)
  (add-hook 'pipe-rpc-events-change-functions #'pipe-rpc-jobs--ask-at-exit)
  (let ((job (pipe-rpc-job-new (cl-incf pipe-rpc-jobs--count) spec)))
    (push job pipe-rpc-jobs--all)
    (pipe-rpc-job-start job)
    job))

(defun pipe-rpc-jobs-dispose (job)
  "Forget JOB: kill what runs, and its buffer."
  (setq pipe-rpc-jobs--all (delq job pipe-rpc-jobs--all))
  (pipe-rpc-job-dispose job)
  (pipe-rpc-events-changed))

(defun pipe-rpc-jobs-status ()
  "How many jobs run and have failed, in words; empty where nothing is to be told."
  (let ((running (cl-count-if #'pipe-rpc-job-active-p pipe-rpc-jobs--all))
        (failed (cl-count-if #'pipe-rpc-job-failed-p pipe-rpc-jobs--all)))
    (string-join (append (and (> running 0) (list (format "%d running" running)))
                         (and (> failed 0) (list (format "%d failed" failed))))
                 ", ")))

(provide 'pipe-rpc-jobs)
;;; pipe-rpc-jobs.el ends here
