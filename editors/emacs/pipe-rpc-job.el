;;; pipe-rpc-job.el --- A job and its runs  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; A job is a command, its runs one after the other, and the buffer of the newest run.
;;
;; State: starting, running, stopping, exited; failed (could not be started) and lost (the server died) end it, too.

;;; Code:

(require 'pipe-rpc-events)
(require 'pipe-rpc-launch)
(require 'pipe-rpc-output)
(require 'pipe-rpc-reader)

(cl-defstruct (pipe-rpc-job (:constructor pipe-rpc-job--make) (:copier nil))
  "A command and its runs."
  number
  name
  (spec nil :documentation "A plist, see `pipe-rpc-start'.")
  (runs 0)
  (state 'exited)
  (session nil :documentation "Its id, while the server knows it.")
  (output nil)
  (attached nil :documentation "Whether its output is read.")
  (reader nil)
  (started-at 0)
  (ended-at nil)
  (exit nil :documentation "How it exited, as the wire has it.")
  (problem nil :documentation "Why it could not be started, or was lost.")
  (again nil :documentation "Whether to start it once more when it has ended.")
  (stop-asked nil :documentation "The grace of a stop that came before it had started."))

(defvar pipe-rpc-job-start-functions nil
  "Functions that are called with a job when a run of it is to begin.")

(defvar pipe-rpc-job-running-functions nil
  "Functions that are called with a job once it runs.")

(defvar pipe-rpc-job-over-functions nil
  "Functions that are called with a job when it is over.")

(defun pipe-rpc-job-new (number spec)
  "The job NUMBER, as SPEC says."
  (let ((name (or (plist-get spec :name) (plist-get spec :shell) (string-join (plist-get spec :argv) " "))))
    (pipe-rpc-job--make :number number :spec spec :name name)))

;;; How it is

(defun pipe-rpc-job-active-p (job)
  "Whether JOB is not over."
  (memq (pipe-rpc-job-state job) '(starting running stopping)))

(defun pipe-rpc-job--exit-get (job member)
  "MEMBER of how JOB exited; nil where it is null."
  (let ((value (plist-get (pipe-rpc-job-exit job) member)))
    (and (not (eq value :null)) value)))

(defun pipe-rpc-job-failed-p (job)
  "Whether JOB ended otherwise than its user wished."
  (pcase (pipe-rpc-job-state job)
    ((or 'failed 'lost) t)
    ('exited (and (pipe-rpc-job-exit job)
                  (not (eql (pipe-rpc-job--exit-get job :exitCode) 0))
                  (not (equal (pipe-rpc-job--exit-get job :reason) "request"))))))

(defun pipe-rpc-job-seconds (job)
  "How long JOB has run, or did."
  (if-let ((told (pipe-rpc-job--exit-get job :durationMs)))
      (/ told 1000.0)
    (- (or (pipe-rpc-job-ended-at job) (float-time)) (pipe-rpc-job-started-at job))))

(defun pipe-rpc-job-describe (job)
  "How JOB is, in a few words."
  (let ((state (pipe-rpc-job-state job)))
    (cond
     ((and (eq state 'running) (not (pipe-rpc-job-attached job))) "detached")
     ((or (not (eq state 'exited)) (not (pipe-rpc-job-exit job))) (symbol-name state))
     ((equal (pipe-rpc-job--exit-get job :reason) "timeout") "timed out")
     ((pipe-rpc-job--exit-get job :signal))
     (t (format "exit %d" (pipe-rpc-job--exit-get job :exitCode))))))

;;; Runs

(defun pipe-rpc-job--buffer-killed ()
  "The user kills the buffer of a job: it runs on, and nothing of it is read."
  (run-hook-with-args 'pipe-rpc-job-abandoned-functions pipe-rpc-output-job))

(defvar pipe-rpc-job-abandoned-functions nil
  "Functions that are called with the number of a job whose buffer is killed.")

(defun pipe-rpc-job--prepare-buffer (job)
  "Give JOB an empty buffer: that of its last run where there is one."
  (let ((spec (pipe-rpc-job-spec job))
        (output (pipe-rpc-job-output job)))
    (unless (and output (pipe-rpc-output-live-p output))
      (setf output (pipe-rpc-output-new (pipe-rpc-job-number job) (pipe-rpc-job-name job))
            (pipe-rpc-job-output job) output))
    (pipe-rpc-output-begin output (pipe-rpc-job-number job) (pipe-rpc-job-name job)
                           (plist-get spec :cwd) (plist-get spec :matcher))
    (with-current-buffer (pipe-rpc-output-buffer output)
      (add-hook 'kill-buffer-hook #'pipe-rpc-job--buffer-killed nil t))))

(defun pipe-rpc-job-start (job)
  "Start JOB, in its buffer."
  (when (pipe-rpc-job-output job)
    (pipe-rpc-output-settle (pipe-rpc-job-output job)))
  (pipe-rpc-job--forget job nil)
  (cl-incf (pipe-rpc-job-runs job))
  (let ((session (format "emacs-%d-%d.%d" (emacs-pid) (pipe-rpc-job-number job) (pipe-rpc-job-runs job))))
    (setf (pipe-rpc-job-session job) session
          (pipe-rpc-job-state job) 'starting
          (pipe-rpc-job-attached job) t
          (pipe-rpc-job-exit job) nil
          (pipe-rpc-job-problem job) nil
          (pipe-rpc-job-started-at job) (float-time)
          (pipe-rpc-job-ended-at job) nil
          (pipe-rpc-job-reader job)
          (pipe-rpc-reader-new session
                               (lambda (text missed) (pipe-rpc-job--receive job text missed))
                               (lambda () (pipe-rpc-job--finish job 'exited nil))))
    (pipe-rpc-job--prepare-buffer job)
    (run-hook-with-args 'pipe-rpc-job-start-functions job)
    (pipe-rpc-server-request
     pipe-rpc-method-spawn (pipe-rpc-launch-params session (pipe-rpc-job-name job) (pipe-rpc-job-spec job))
     (lambda (problem _result)
       (when (and (equal (pipe-rpc-job-session job) session) (eq (pipe-rpc-job-state job) 'starting))
         (if problem
             (pipe-rpc-job--finish job 'failed (plist-get problem :message))
           (pipe-rpc-job--started job)))))
    (pipe-rpc-events-changed)))

(defun pipe-rpc-job--started (job)
  "JOB runs."
  (setf (pipe-rpc-job-state job) 'running)
  (when (pipe-rpc-job-attached job)
    (pipe-rpc-reader-resume (pipe-rpc-job-reader job)))
  (run-hook-with-args 'pipe-rpc-job-running-functions job)
  (pipe-rpc-events-changed)
  (when (pipe-rpc-job-stop-asked job)
    (pipe-rpc-job-stop job (pipe-rpc-job-stop-asked job))))

(defun pipe-rpc-job--receive (job text missed)
  "JOB wrote TEXT; MISSED bytes before it were not kept.
Return whether that is enough for a while."
  (when (> missed 0)
    (pipe-rpc-output-note (pipe-rpc-job-output job) (format "%d bytes were not kept" missed)))
  (pipe-rpc-output-append (pipe-rpc-job-output job) text)
  (pipe-rpc-events-call (plist-get (pipe-rpc-job-spec job) :on-output) text job)
  (pipe-rpc-output-full-p (pipe-rpc-job-output job)))

(defun pipe-rpc-job-exited (job exit)
  "JOB has exited as EXIT says.
It is over once everything that it wrote itself has come."
  (if (equal (plist-get exit :reason) "shutdown")
      ;; Nobody here asks for that: somebody else has ended the server.
      (pipe-rpc-job--finish job 'lost "the server was told to end")
    (setf (pipe-rpc-job-exit job) exit)
    (pipe-rpc-reader-drain (pipe-rpc-job-reader job))))

(defun pipe-rpc-job-lose (job how)
  "The server died, and JOB with it; HOW says the way it ended."
  (when (pipe-rpc-job-active-p job)
    (pipe-rpc-job--finish job 'lost (format "the server ended %s" how))))

(defun pipe-rpc-job--finish (job state problem)
  "JOB ended in STATE; PROBLEM is a sentence, if there is one."
  (setf (pipe-rpc-job-state job) state
        (pipe-rpc-job-problem job) problem
        (pipe-rpc-job-ended-at job) (float-time)
        (pipe-rpc-job-stop-asked job) nil)
  (let ((how (pipe-rpc-job-describe job))
        (output (pipe-rpc-job-output job)))
    (pipe-rpc-output-note
     output (format "%s after %.1f s" (if problem (format "%s: %s" state problem) how) (pipe-rpc-job-seconds job)))
    (pipe-rpc-events-changed)
    (pipe-rpc-output-finish output how (pipe-rpc-job-failed-p job)
                            (lambda () (pipe-rpc-job--over job)))))

(defun pipe-rpc-job--over (job)
  "JOB is over, and all that it wrote is drawn."
  (pipe-rpc-events-call (plist-get (pipe-rpc-job-spec job) :on-exit) job)
  (run-hook-with-args 'pipe-rpc-job-over-functions job)
  (when (pipe-rpc-job-again job)
    (setf (pipe-rpc-job-again job) nil)
    (pipe-rpc-job-start job)))

;;; What is done with it

(defun pipe-rpc-job--ask (job method params &optional callback)
  "Ask METHOD with PARAMS of the server about JOB.
CALLBACK is called with the result; an error is told to the user."
  (if (or (not (pipe-rpc-job-session job)) (eq (pipe-rpc-job-state job) 'failed))
      (user-error "The server has no job %d (%s): rerun it" (pipe-rpc-job-number job) (pipe-rpc-job-describe job))
    (pipe-rpc-server-request
     method (append `(:sessionId ,(pipe-rpc-job-session job)) params)
     (lambda (problem result)
       (if problem
           (pipe-rpc-events-complain "job %d: %s" (pipe-rpc-job-number job) (plist-get problem :message))
         (when callback
           (funcall callback result)))))))

(defun pipe-rpc-job-stop (job &optional grace)
  "Ask JOB to end; it is killed after GRACE seconds, and not run again.
GRACE is by default `pipe-rpc-grace'; 0 kills it at once."
  (setf (pipe-rpc-job-again job) nil)
  (let ((grace (or grace (pipe-rpc-settings-get 'pipe-rpc-grace))))
    (if (eq (pipe-rpc-job-state job) 'starting)
        ;; It may not exist yet; its start is waited for.
        (setf (pipe-rpc-job-stop-asked job) grace)
      (pipe-rpc-job--ask job pipe-rpc-method-terminate `(:graceMs ,(round (* 1000 grace))))
      (when (pipe-rpc-job-active-p job)
        (setf (pipe-rpc-job-state job) 'stopping)
        (pipe-rpc-events-changed)))))

(defun pipe-rpc-job-signal (job name)
  "Send JOB the signal NAME, such as \"SIGINT\"."
  (pipe-rpc-job--ask job pipe-rpc-method-signal `(:signal ,name)))

(defun pipe-rpc-job-write (job text &optional close)
  "Write TEXT to the stdin of JOB; CLOSE it behind that."
  (pipe-rpc-job--ask job pipe-rpc-method-write `(:data ,text :close ,(if close t :json-false))))

(defun pipe-rpc-job--leave (job)
  "Read the output of JOB no more."
  (setf (pipe-rpc-job-attached job) nil)
  (pipe-rpc-reader-pause (pipe-rpc-job-reader job))
  (when (and (pipe-rpc-job-active-p job) (pipe-rpc-job-exit job))
    (pipe-rpc-reader-drain (pipe-rpc-job-reader job)))
  (pipe-rpc-events-changed))

(defun pipe-rpc-job-abandon (job)
  "The buffer of JOB is killed: it runs on, and can be attached again."
  (when (pipe-rpc-job-attached job)
    (pipe-rpc-job--leave job)))

(defun pipe-rpc-job-detach (job)
  "Stop reading the output of JOB.
It runs on, and the server retains the newest of what it writes."
  (unless (and (pipe-rpc-job-active-p job) (pipe-rpc-job-attached job))
    (user-error "Job %d is not attached (%s)" (pipe-rpc-job-number job) (pipe-rpc-job-describe job)))
  (pipe-rpc-job--leave job)
  (pipe-rpc-output-note (pipe-rpc-job-output job) "detached; M-x pipe-rpc-attach shows what it wrote since"))

(defun pipe-rpc-job-attach (job)
  "Read the output of JOB again, from where detach left it.
Where its buffer was killed, a new one begins with what is retained."
  (cond
   ((pipe-rpc-job-attached job)
    (user-error "Job %d is attached already" (pipe-rpc-job-number job)))
   ((not (pipe-rpc-job-session job))
    (user-error "Job %d is no more: rerun it" (pipe-rpc-job-number job))))
  (unless (pipe-rpc-output-live-p (pipe-rpc-job-output job))
    (pipe-rpc-job--prepare-buffer job)
    (pipe-rpc-reader-rewind (pipe-rpc-job-reader job)))
  (setf (pipe-rpc-job-attached job) t)
  (pipe-rpc-reader-resume (pipe-rpc-job-reader job))
  (unless (pipe-rpc-job-active-p job)
    (pipe-rpc-output-finish (pipe-rpc-job-output job) (pipe-rpc-job-describe job) (pipe-rpc-job-failed-p job) #'ignore))
  (pipe-rpc-events-changed))

(defun pipe-rpc-job-rerun (job)
  "Run JOB again; where it still runs, as soon as it has stopped."
  (if (not (pipe-rpc-job-active-p job))
      (pipe-rpc-job-start job)
    (pipe-rpc-job-stop job)
    (setf (pipe-rpc-job-again job) t)))

(defun pipe-rpc-job-text (job callback)
  "Call CALLBACK with everything that is retained of the output of JOB.
Its arguments are the text, without colors, and how many bytes are missing."
  (pipe-rpc-reader-retained
   (lambda (params answered) (pipe-rpc-job--ask job pipe-rpc-method-read params answered))
   (lambda (text missed) (funcall callback (pipe-rpc-text-plain text) missed))))

(defun pipe-rpc-job--forget (job force)
  "Let the server forget the last run of JOB.
What it left behind on purpose lives on, unless FORCE says otherwise."
  (when (pipe-rpc-job-reader job)
    (pipe-rpc-reader-pause (pipe-rpc-job-reader job)))
  (when (and (pipe-rpc-job-session job) (not (eq (pipe-rpc-job-state job) 'failed)))
    ;; It may have forgotten it already.
    (pipe-rpc-server-request pipe-rpc-method-remove
                             `(:sessionId ,(pipe-rpc-job-session job) :force ,(if force t :json-false))
                             #'ignore))
  (setf (pipe-rpc-job-session job) nil))

(defun pipe-rpc-job-dispose (job)
  "Forget JOB: kill what runs, and its buffer."
  (pipe-rpc-job--forget job t)
  (setf (pipe-rpc-job-state job) 'exited
        (pipe-rpc-job-again job) nil
        (pipe-rpc-job-attached job) nil)
  (when (pipe-rpc-output-live-p (pipe-rpc-job-output job))
    (kill-buffer (pipe-rpc-output-buffer (pipe-rpc-job-output job)))))

(provide 'pipe-rpc-job)
;;; pipe-rpc-job.el ends here
