;;; pipe-rpc-reader.el --- Reads output at the pace of the editor  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Emacs reads a server whenever it waits for keys, so output that is sent unasked would keep it from ever acting on
;; one.  Output is therefore asked for: one piece at a time, not more often than the eye sees.  The server retains the
;; newest of a job that is faster; what it overwrites is told as a number of bytes.

;;; Code:

(require 'pipe-rpc-server)

(defconst pipe-rpc-reader-piece-bytes (* 128 1024)
  "The most that one piece brings.
JSON of that size is decoded in a few milliseconds, in which no key acts.")

(defconst pipe-rpc-reader--last-piece-bytes (* 512 1024)
  "The same at the end of a job, which is waited for.")

(defconst pipe-rpc-reader-backlog-bytes (* 2 1024 1024)
  "What the server retains of a job.
So much may come at once, faster than it is read, and nothing is lost.")

(defconst pipe-rpc-reader--interval 0.02
  "Seconds from one piece to the next, while output comes.")

(defconst pipe-rpc-reader--long-interval 0.1
  "The same while more has come already than can be shown.")

(defconst pipe-rpc-reader--wait-ms 60000
  "How long the server lets a read wait for output; then it is asked again.")

(cl-defstruct (pipe-rpc-reader (:constructor pipe-rpc-reader--make) (:copier nil))
  "What reads the output of a session.  It reads once it is resumed."
  session
  (on-output nil :documentation "Called with text, and how many bytes before it were not kept.
Returns whether that is enough for a while.")
  (on-drained nil :documentation "Called once everything that the child itself wrote has come.")
  (offset 0 :documentation "The next byte.")
  (running nil)
  (draining nil))

(defun pipe-rpc-reader-new (session on-output on-drained)
  "What reads SESSION from its first byte on.
ON-OUTPUT is called with text and the number of bytes before it that were not
kept, and returns whether that is enough for a while; ON-DRAINED is called once
everything that the child itself wrote has come."
  (pipe-rpc-reader--make :session session :on-output on-output :on-drained on-drained))

(defun pipe-rpc-reader--read (reader)
  "Ask for the next piece of READER."
  (let ((from (pipe-rpc-reader-offset reader))
        (draining (pipe-rpc-reader-draining reader)))
    (pipe-rpc-server-request
     pipe-rpc-method-read
     `(:sessionId ,(pipe-rpc-reader-session reader) :stream "stdout" :fromOffset ,from
       :maxBytes ,(if draining pipe-rpc-reader--last-piece-bytes pipe-rpc-reader-piece-bytes)
       :waitMs ,(if draining 0 pipe-rpc-reader--wait-ms))
     (lambda (problem result)
       ;; Two reads may be under way when the job ends or is attached again: the first answer counts, and goes on.
       (when (and (pipe-rpc-reader-running reader) (eql (pipe-rpc-reader-offset reader) from) (not problem))
         (pipe-rpc-reader--take reader result))))))

(defun pipe-rpc-reader--take (reader result)
  "READER got RESULT."
  (let* ((next (plist-get result :nextOffset))
         (missed (plist-get result :missedBytes))
         (ended (eq (plist-get result :ended) t))
         (came (or (> (plist-get result :length) 0) (> missed 0)))
         enough)
    (setf (pipe-rpc-reader-offset reader) next)
    (when came
      (setq enough (funcall (pipe-rpc-reader-on-output reader) (plist-get result :data) missed)))
    (when ended
      (setf (pipe-rpc-reader-running reader) nil))
    (when (and (pipe-rpc-reader-draining reader) (or ended (not came)))
      (setf (pipe-rpc-reader-draining reader) nil)
      (funcall (pipe-rpc-reader-on-drained reader)))
    (unless ended
      (if (and came (not (pipe-rpc-reader-draining reader)))
          (run-at-time (if enough pipe-rpc-reader--long-interval pipe-rpc-reader--interval) nil
                       #'pipe-rpc-reader--read-on reader next)
        (pipe-rpc-reader--read-on reader next)))))

(defun pipe-rpc-reader--read-on (reader offset)
  "Read from OFFSET, unless another read of READER has done so."
  (when (and (pipe-rpc-reader-running reader) (eql (pipe-rpc-reader-offset reader) offset))
    (pipe-rpc-reader--read reader)))

(defun pipe-rpc-reader-resume (reader)
  "Let READER read on, from where it stopped."
  (unless (pipe-rpc-reader-running reader)
    (setf (pipe-rpc-reader-running reader) t)
    (pipe-rpc-reader--read reader)))

(defun pipe-rpc-reader-rewind (reader)
  "Let READER begin with the oldest byte that is retained."
  (setf (pipe-rpc-reader-offset reader) 0))

(defun pipe-rpc-reader-pause (reader)
  "Let READER read no more; what is under way is read again later."
  (setf (pipe-rpc-reader-running reader) nil))

(defun pipe-rpc-reader-drain (reader)
  "The child of READER has exited: tell once all that it wrote has been read.
A process that it left behind may write on; that is read, and not waited for."
  (if (pipe-rpc-reader-running reader)
      (progn
        (setf (pipe-rpc-reader-draining reader) t)
        (pipe-rpc-reader--read reader))
    (funcall (pipe-rpc-reader-on-drained reader))))

(defun pipe-rpc-reader-retained (ask callback)
  "Collect everything that is retained of a session.
Of one that writes on meanwhile, it is what would have been retained at once.
ASK is called with the params of a read and what takes its answer; CALLBACK
with all text, and how many bytes before it are not retained."
  (let ((pieces nil) (missed 0) (bytes 0))
    (named-let next ((from 0))
      (funcall ask `(:stream "stdout" :fromOffset ,from :maxBytes ,pipe-rpc-reader-piece-bytes)
               (lambda (result)
                 (push (plist-get result :data) pieces)
                 (cl-incf missed (plist-get result :missedBytes))
                 (cl-incf bytes (plist-get result :length))
                 (if (or (eql (plist-get result :length) 0) (>= bytes pipe-rpc-reader-backlog-bytes))
                     (funcall callback (apply #'concat (nreverse pieces)) missed)
                   (next (plist-get result :nextOffset))))))))

(provide 'pipe-rpc-reader)
;;; pipe-rpc-reader.el ends here
