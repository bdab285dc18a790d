;;; pipe-rpc-text.el --- What a terminal makes of text  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Escape sequences are those of ECMA-48.  A piece of output may end within one of them, within "\r\n", or behind a
;; carriage return whose line is not to vanish before another takes its place: that end waits for the next piece.

;;; Code:

(defconst pipe-rpc-text--max-held 4096
  "An escape sequence that is longer without an end is none.
Nor is more text looked at in one go: regular expressions have a stack.")

(defconst pipe-rpc-text--invisible
  (rx ?\e (or (seq (any "]PX^_") (* (not (any ?\a ?\e))) (or ?\a "\e\\"))
              (seq (any " -/") (* (any " -/")) (any "0-~"))
              (any "0-O" "Q-W" "YZ" ?\\ "`-~")))
  "Sequences that show nothing.
That is strings such as titles and links, and those without parameters.")

(defconst pipe-rpc-text--control (rx ?\e ?\[ (* (any "0-?")) (* (any " -/")) (any "@-~"))
  "A sequence with parameters, colors among them.")

(defconst pipe-rpc-text--escape (rx-to-string `(seq ?\e (? (regexp ,(substring pipe-rpc-text--control 1)))) t)
  "Such a sequence, or what looks like the beginning of one.")

(defconst pipe-rpc-text--unfinished
  (rx (or (seq ?\e (? (or (seq (any "]PX^_") (* (not (any ?\a ?\e))) (? ?\e))
                          (seq ?\[ (* (any "0-?")) (* (any " -/")))
                          (+ (any " -/")))))
          (+ ?\r))
      string-end)
  "What may go on in the next piece.")

(defun pipe-rpc-text--only-colors (text)
  "TEXT without sequences other than colors, and without what begins none."
  (replace-regexp-in-string
   pipe-rpc-text--escape (lambda (found) (if (string-suffix-p "m" found) found "")) text t t))

(defun pipe-rpc-text-split (text)
  "TEXT without what shows nothing, and the end of it that must wait: a pair."
  (when (string-search "\e" text)
    (setq text (replace-regexp-in-string pipe-rpc-text--invisible "" text t t)))
  (let* ((at (or (string-match pipe-rpc-text--unfinished text (max 0 (- (length text) pipe-rpc-text--max-held)))
                 (length text)))
         (shown (substring text 0 at)))
    (when (string-search "\e" shown)
      (setq shown (pipe-rpc-text--only-colors shown)))
    (when (string-search "\r\n" shown)
      (setq shown (replace-regexp-in-string "\r+\n" "\n" shown t t)))
    (cons shown (substring text at))))

(defun pipe-rpc-text-overwrite (start)
  "Do from START to the end of the buffer what carriage returns and backspaces do.
What a carriage return begins takes the place of its line."
  (goto-char start)
  (while (re-search-forward "[\r\b]" nil t)
    (cond
     ((eq (char-before) ?\b)
      ;; The beginning of the line is not looked for: it may be a million characters away, for each of these.
      (delete-region (if (memq (char-before (1- (point))) '(nil ?\n)) (1- (point)) (- (point) 2)) (point)))
     ;; Only colors were between it and the end of the line.
     ((eq (char-after) ?\n) (delete-char -1))
     (t (delete-region (line-beginning-position) (point))))))

(defun pipe-rpc-text-plain (text)
  "TEXT without colors and without overwritten beginnings of lines."
  (with-temp-buffer
    (let ((held "") (from 0))
      (while (< from (length text))
        (let ((to (min (length text) (+ from pipe-rpc-text--max-held))))
          (pcase-let ((`(,shown . ,rest) (pipe-rpc-text-split (concat held (substring text from to)))))
            (insert (replace-regexp-in-string pipe-rpc-text--control "" shown t t))
            (setq held rest
                  from to)))))
    (pipe-rpc-text-overwrite (point-min))
    (buffer-string)))

(provide 'pipe-rpc-text)
;;; pipe-rpc-text.el ends here
