;;; pipe-rpc-flymake.el --- Errors of jobs as diagnostics  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; A backend of flymake that shows, in the buffer of a file, what jobs have said of it, until they run again.
;;
;;     (add-hook 'prog-mode-hook #'pipe-rpc-flymake-setup)

;;; Code:

(require 'flymake)
(require 'pipe-rpc-jobs)

(defconst pipe-rpc-flymake--interval 0.5
  "Seconds between two looks at what running jobs have said.")

(defconst pipe-rpc-flymake--max-messages 1000
  "Messages of one job that are looked at; nobody reads more.")

(defvar-local pipe-rpc-flymake--report nil
  "What flymake gave to report diagnostics of this buffer.")

(defvar pipe-rpc-flymake--timer nil
  "The next look, if any.")

(defvar pipe-rpc-flymake--messages (make-hash-table)
  "What jobs have said, by their number.
That is lists of file, line, column, type and text.")

(defun pipe-rpc-flymake--message (position)
  "The message of compilation mode at POSITION: file, line, column, type and text.
It is nil for a file on another machine, which may not answer."
  (let* ((message (get-text-property position 'compilation-message))
         (loc (compilation--message->loc message))
         (file (car (compilation--file-struct->file-spec (compilation--loc->file-struct loc))))
         (directory (cadr (compilation--file-struct->file-spec (compilation--loc->file-struct loc)))))
    (unless (or (file-remote-p file) (and directory (file-remote-p directory)))
      (save-excursion
        (goto-char (next-single-property-change position 'compilation-message nil (point-max)))
        (list (expand-file-name file (and directory (expand-file-name directory)))
              (compilation--loc->line loc)
              (compilation--loc->col loc)
              (compilation--message->type message)
              (string-trim (buffer-substring-no-properties (point) (line-end-position)) "[ \t:]+"))))))

(defun pipe-rpc-flymake--look (job)
  "Find what JOB has said.  Return whether that is something new."
  (let ((output (pipe-rpc-job-output job)) found (count 0))
    (when (pipe-rpc-output-live-p output)
      (with-current-buffer (pipe-rpc-output-buffer output)
        (let ((position (point-min)))
          (while (and position (< count pipe-rpc-flymake--max-messages))
            (when (get-text-property position 'compilation-message)
              (when-let ((message (pipe-rpc-flymake--message position)))
                (push message found))
              (cl-incf count))
            (setq position (next-single-property-change position 'compilation-message))))))
    (setq found (nreverse found))
    (unless (equal found (gethash (pipe-rpc-job-number job) pipe-rpc-flymake--messages))
      (puthash (pipe-rpc-job-number job) found pipe-rpc-flymake--messages)
      t)))

(defun pipe-rpc-flymake--diagnostic (line column type text)
  "A diagnostic of this buffer: TEXT of TYPE at LINE and COLUMN.
It is nil where there is no such line."
  (save-restriction
    (widen)
    (when (and line (<= 1 line (line-number-at-pos (point-max))))
      (pcase-let ((`(,begin . ,end) (flymake-diag-region (current-buffer) line column)))
        (flymake-make-diagnostic (current-buffer) begin end (pcase type (2 :error) (1 :warning) (_ :note)) text)))))

(defun pipe-rpc-flymake--same-p ()
  "A function that tells whether a file is that of this buffer.
The disk is asked only where the name is right, and once for each file."
  (let* ((here (file-truename buffer-file-name))
         (names (mapcar #'file-name-nondirectory (list here buffer-file-name)))
         (known (make-hash-table :test #'equal)))
    (lambda (file)
      (and (member (file-name-nondirectory file) names)
           (equal here (or (gethash file known) (puthash file (file-truename file) known)))))))

(defun pipe-rpc-flymake--diagnostics ()
  "What all jobs have said of the file of this buffer."
  (let ((same-p (pipe-rpc-flymake--same-p)) found)
    (dolist (job (pipe-rpc-jobs-all))
      (pcase-dolist (`(,file ,line ,column ,type ,text)
                     (gethash (pipe-rpc-job-number job) pipe-rpc-flymake--messages))
        (when (funcall same-p file)
          (when-let ((diagnostic (pipe-rpc-flymake--diagnostic line column type text)))
            (push diagnostic found)))))
    found))

(defun pipe-rpc-flymake--tell ()
  "Report what is known to flymake, in each buffer that asked."
  (dolist (buffer (buffer-list))
    (with-current-buffer buffer
      (when (and pipe-rpc-flymake--report buffer-file-name (bound-and-true-p flymake-mode))
        (pipe-rpc-events-call pipe-rpc-flymake--report (pipe-rpc-flymake--diagnostics)
                              :region (cons (point-min) (point-max)))))))

(defun pipe-rpc-flymake--refresh ()
  "Look at what jobs that run have said."
  (setq pipe-rpc-flymake--timer nil)
  (let ((running (cl-remove-if-not #'pipe-rpc-job-active-p (pipe-rpc-jobs-all))))
    (when (memq t (mapcar #'pipe-rpc-flymake--look running))
      (pipe-rpc-flymake--tell)))
  (pipe-rpc-flymake--schedule))

(defun pipe-rpc-flymake--schedule ()
  "Look again in a while, where anything runs."
  (when (and (not pipe-rpc-flymake--timer) (cl-some #'pipe-rpc-job-active-p (pipe-rpc-jobs-all)))
    (setq pipe-rpc-flymake--timer (run-at-time pipe-rpc-flymake--interval nil #'pipe-rpc-flymake--refresh))))

(defun pipe-rpc-flymake--began (job)
  "JOB runs again: what it said is no more."
  (remhash (pipe-rpc-job-number job) pipe-rpc-flymake--messages)
  (pipe-rpc-flymake--tell)
  (pipe-rpc-flymake--schedule))

(defun pipe-rpc-flymake--over (job)
  "JOB is over: all that it says is known."
  (pipe-rpc-flymake--look job)
  (pipe-rpc-flymake--tell))

;;;###autoload
(defun pipe-rpc-flymake (report &rest _)
  "A backend for `flymake-diagnostic-functions', which calls REPORT.
It shows what jobs have said of the file of this buffer."
  (setq pipe-rpc-flymake--report report)
  (add-hook 'pipe-rpc-job-start-functions #'pipe-rpc-flymake--began)
  (add-hook 'pipe-rpc-job-over-functions #'pipe-rpc-flymake--over)
  (mapc #'pipe-rpc-flymake--look (pipe-rpc-jobs-all))
  (pipe-rpc-flymake--schedule)
  (funcall report (and buffer-file-name (pipe-rpc-flymake--diagnostics))))

;;;###autoload
(defun pipe-rpc-flymake-setup ()
  "Show in this buffer what jobs say of its file."
  (add-hook 'flymake-diagnostic-functions #'pipe-rpc-flymake nil t)
  (flymake-mode))

(provide 'pipe-rpc-flymake)
;;; pipe-rpc-flymake.el ends here
