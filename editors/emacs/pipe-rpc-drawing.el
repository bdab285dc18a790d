;;; pipe-rpc-drawing.el --- Draws a little at a time  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Keys must act between two pieces of a flood.  Coloring and looking for errors takes about a second for a megabyte,
;; so only a part of each tick goes to that.  What waits is cut to what the buffer may hold: the rest would be gone from
;; it before anybody could see it.

;;; Code:

(require 'pipe-rpc-tail)

(defconst pipe-rpc-drawing--budget 0.02
  "Seconds of each tick that may go to drawing, for all jobs together.")

(defconst pipe-rpc-drawing--pause 0.015
  "Seconds for everything else, behind a budget that was used up.")

(defconst pipe-rpc-drawing--slice 4096
  "Characters drawn between two looks at the clock.")

(cl-defstruct (pipe-rpc-drawing (:constructor pipe-rpc-drawing-new (tail draw)) (:copier nil))
  "Text that waits, what draws it, and what is called when all is drawn."
  tail draw (then nil))

(defvar pipe-rpc-drawing--unfinished nil
  "Drawings that have text which waits, next one first.")

(defvar pipe-rpc-drawing--timer nil
  "The tick to come, if any.")

(defun pipe-rpc-drawing--schedule (delay)
  "Tick after DELAY seconds, if anything waits."
  (when (and pipe-rpc-drawing--unfinished (not pipe-rpc-drawing--timer))
    (setq pipe-rpc-drawing--timer (run-at-time delay nil #'pipe-rpc-drawing--tick))))

(defun pipe-rpc-drawing--tick ()
  "Draw until the budget is used up."
  (setq pipe-rpc-drawing--timer nil)
  (let ((end (+ (float-time) pipe-rpc-drawing--budget)))
    (unwind-protect
        (while (and pipe-rpc-drawing--unfinished (< (float-time) end))
          (let* ((one (pop pipe-rpc-drawing--unfinished))
                 (tail (pipe-rpc-drawing-tail one)))
            (pipe-rpc-drawing--tell-dropped one)
            (unless (pipe-rpc-tail-empty-p tail)
              (funcall (pipe-rpc-drawing-draw one) (pipe-rpc-tail-pop tail pipe-rpc-drawing--slice)))
            (if (pipe-rpc-tail-empty-p tail)
                (pipe-rpc-drawing--finish one)
              (setq pipe-rpc-drawing--unfinished (append pipe-rpc-drawing--unfinished (list one))))))
      (pipe-rpc-drawing--schedule pipe-rpc-drawing--pause))))

(defun pipe-rpc-drawing--tell-dropped (one)
  "Draw how much of ONE was dropped since this was told."
  (let* ((tail (pipe-rpc-drawing-tail one))
         (dropped (pipe-rpc-tail-dropped tail)))
    (when (> dropped 0)
      (setf (pipe-rpc-tail-dropped tail) 0)
      (funcall (pipe-rpc-drawing-draw one) (format "\n\e[0;2m[%d characters were not drawn]\e[0m\n" dropped)))))

(defun pipe-rpc-drawing-give-up (one)
  "Draw nothing more of ONE; tell now what waited for it."
  (setf (pipe-rpc-tail-pieces (pipe-rpc-drawing-tail one)) nil)
  (setq pipe-rpc-drawing--unfinished (delq one pipe-rpc-drawing--unfinished))
  (pipe-rpc-drawing--finish one))

(defun pipe-rpc-drawing--finish (one)
  "All of ONE is drawn: say so, once."
  (when-let ((then (pipe-rpc-drawing-then one)))
    (setf (pipe-rpc-drawing-then one) nil)
    (funcall then)))

(defun pipe-rpc-drawing-add (one text)
  "Draw TEXT behind what waits of ONE already."
  (pipe-rpc-tail-push (pipe-rpc-drawing-tail one) text)
  (unless (memq one pipe-rpc-drawing--unfinished)
    (setq pipe-rpc-drawing--unfinished (append pipe-rpc-drawing--unfinished (list one))))
  (pipe-rpc-drawing--schedule 0))

(defun pipe-rpc-drawing-after (one then)
  "Call THEN once everything of ONE is drawn."
  (setf (pipe-rpc-drawing-then one) then)
  (when (pipe-rpc-tail-empty-p (pipe-rpc-drawing-tail one))
    (pipe-rpc-drawing--finish one)))

(provide 'pipe-rpc-drawing)
;;; pipe-rpc-drawing.el ends here
