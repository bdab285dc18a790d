;;; pipe-rpc-tail.el --- The newest of what came  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; And no more of it than is wanted.

;;; Code:

(require 'cl-lib)

(cl-defstruct (pipe-rpc-tail (:constructor pipe-rpc-tail-new (max-characters max-lines)) (:copier nil))
  "Text that waits; it keeps at most so much of it, give or take a piece."
  max-characters
  max-lines
  (pieces nil :documentation "Oldest first: pairs of text and its number of lines.")
  (end nil :documentation "The last cons of these.")
  (characters 0)
  (lines 0))

(defun pipe-rpc-tail--shift (tail)
  "Take the oldest piece of TAIL."
  (pcase-let ((`(,text . ,lines) (pop (pipe-rpc-tail-pieces tail))))
    (cl-decf (pipe-rpc-tail-characters tail) (length text))
    (cl-decf (pipe-rpc-tail-lines tail) lines)
    text))

(defun pipe-rpc-tail--count (tail text)
  "A piece of TEXT, which TAIL has counted."
  (let ((lines (cl-count ?\n text)))
    (cl-incf (pipe-rpc-tail-characters tail) (length text))
    (cl-incf (pipe-rpc-tail-lines tail) lines)
    (cons text lines)))

(defun pipe-rpc-tail-push (tail text)
  "Add TEXT to TAIL; the oldest goes where that is too much."
  (let ((new (list (pipe-rpc-tail--count tail text))))
    (if (pipe-rpc-tail-pieces tail)
        (setcdr (pipe-rpc-tail-end tail) new)
      (setf (pipe-rpc-tail-pieces tail) new))
    (setf (pipe-rpc-tail-end tail) new))
  (while (let ((oldest (car (pipe-rpc-tail-pieces tail))))
           (and (cdr (pipe-rpc-tail-pieces tail))
                (or (>= (- (pipe-rpc-tail-characters tail) (length (car oldest))) (pipe-rpc-tail-max-characters tail))
                    (>= (- (pipe-rpc-tail-lines tail) (cdr oldest)) (pipe-rpc-tail-max-lines tail)))))
    (pipe-rpc-tail--shift tail)))

(defun pipe-rpc-tail-empty-p (tail)
  "Whether nothing waits in TAIL."
  (null (pipe-rpc-tail-pieces tail)))

(defun pipe-rpc-tail-pop (tail most)
  "Take the oldest text of TAIL, up to MOST characters of it."
  (let ((text (pipe-rpc-tail--shift tail)))
    (when (> (length text) most)
      (let ((rest (list (pipe-rpc-tail--count tail (substring text most)))))
        (if (pipe-rpc-tail-pieces tail)
            (setcdr rest (pipe-rpc-tail-pieces tail))
          (setf (pipe-rpc-tail-end tail) rest))
        (setf (pipe-rpc-tail-pieces tail) rest
              text (substring text 0 most))))
    text))

(provide 'pipe-rpc-tail)
;;; pipe-rpc-tail.el ends here
