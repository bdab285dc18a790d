;;; pipe-rpc-tail.el --- The newest of what came  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; And no more of it than is wanted.

;;; Code:

(require 'cl-lib)
(require 'subr-x)

(cl-defstruct (pipe-rpc-tail--piece (:constructor pipe-rpc-tail--piece-new (text lines)) (:copier nil))
  "Text, where the rest of it begins, and the number of lines of that."
  text lines (start 0))

(cl-defstruct (pipe-rpc-tail (:constructor pipe-rpc-tail-new (max-characters max-lines)) (:copier nil))
  "Text that waits; it keeps at most so much of it, give or take a piece."
  max-characters
  max-lines
  (pieces nil :documentation "Oldest first.")
  (end nil :documentation "The last cons of these.")
  (characters 0)
  (lines 0)
  (dropped 0 :documentation "Characters that went because there were too many, and not too many lines."))

(defun pipe-rpc-tail--count-lines (text)
  "The number of lines in TEXT."
  (let ((count 0) (from 0))
    (while (setq from (string-search "\n" text from))
      (cl-incf from)
      (cl-incf count))
    count))

(defun pipe-rpc-tail--rest (piece)
  "The number of characters left in PIECE."
  (- (length (pipe-rpc-tail--piece-text piece)) (pipe-rpc-tail--piece-start piece)))

(defun pipe-rpc-tail--drop-oldest (tail)
  "Take the oldest piece from TAIL."
  (let ((piece (pop (pipe-rpc-tail-pieces tail))))
    (cl-decf (pipe-rpc-tail-characters tail) (pipe-rpc-tail--rest piece))
    (cl-decf (pipe-rpc-tail-lines tail) (pipe-rpc-tail--piece-lines piece))))

(defun pipe-rpc-tail--trim (tail)
  "Drop the oldest piece of TAIL where there is enough without it.
Return nil where there is not."
  (when-let* (((cdr (pipe-rpc-tail-pieces tail)))
              (oldest (car (pipe-rpc-tail-pieces tail)))
              (rest (pipe-rpc-tail--rest oldest)))
    (cond
     ((>= (- (pipe-rpc-tail-lines tail) (pipe-rpc-tail--piece-lines oldest)) (pipe-rpc-tail-max-lines tail))
      (pipe-rpc-tail--drop-oldest tail)
      t)
     ((>= (- (pipe-rpc-tail-characters tail) rest) (pipe-rpc-tail-max-characters tail))
      (pipe-rpc-tail--drop-oldest tail)
      (cl-incf (pipe-rpc-tail-dropped tail) rest)
      t))))

(defun pipe-rpc-tail-push (tail text)
  "Add TEXT to TAIL; the oldest goes where that is too much."
  (let* ((lines (pipe-rpc-tail--count-lines text))
         (new (list (pipe-rpc-tail--piece-new text lines))))
    (cl-incf (pipe-rpc-tail-characters tail) (length text))
    (cl-incf (pipe-rpc-tail-lines tail) lines)
    (if (pipe-rpc-tail-pieces tail)
        (setcdr (pipe-rpc-tail-end tail) new)
      (setf (pipe-rpc-tail-pieces tail) new))
    (setf (pipe-rpc-tail-end tail) new))
  (while (pipe-rpc-tail--trim tail)))

(defun pipe-rpc-tail-empty-p (tail)
  "Whether nothing waits in TAIL."
  (null (pipe-rpc-tail-pieces tail)))

(defun pipe-rpc-tail-full-p (tail)
  "Whether TAIL has about as much as it keeps."
  (or (>= (pipe-rpc-tail-lines tail) (pipe-rpc-tail-max-lines tail))
      (>= (pipe-rpc-tail-characters tail) (/ (pipe-rpc-tail-max-characters tail) 2))))

(defun pipe-rpc-tail-pop (tail most)
  "Take the oldest text of TAIL, up to MOST characters of it."
  (let* ((piece (car (pipe-rpc-tail-pieces tail)))
         (start (pipe-rpc-tail--piece-start piece))
         (end (+ start (min most (pipe-rpc-tail--rest piece))))
         (text (substring (pipe-rpc-tail--piece-text piece) start end))
         (lines (pipe-rpc-tail--count-lines text)))
    (if (= end (length (pipe-rpc-tail--piece-text piece)))
        (pipe-rpc-tail--drop-oldest tail)
      (setf (pipe-rpc-tail--piece-start piece) end)
      (cl-decf (pipe-rpc-tail--piece-lines piece) lines)
      (cl-decf (pipe-rpc-tail-characters tail) (length text))
      (cl-decf (pipe-rpc-tail-lines tail) lines))
    text))

(provide 'pipe-rpc-tail)
;;; pipe-rpc-tail.el ends here
