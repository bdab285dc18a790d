;;; drive.el --- Evaluates what a test sends  -*- lexical-binding: t -*-

;;; Commentary:

;; Environment: DRIVE, a Unix socket, and DEADLINE_S.  Each line that comes is a form, as JSON; so is each answer: its
;; value, or an error.  The command loop runs meanwhile, so keys can be typed.

;;; Code:

(require 'json)

(defvar drive-unread "" "What came and is no line yet.")
(defvar drive-connection nil "The connection to the test.")
(defvar drive-heard nil "What hooks of the package were called with, newest first.")

(setq ring-bell-function #'ignore
      inhibit-startup-screen t
      message-log-max t)

(defun drive-value (value)
  "VALUE as JSON can have it."
  (cond
   ((null value) :null)
   ((memq value '(t :json-false :null)) value)
   ((or (numberp value) (stringp value)) value)
   ((and (consp value) (proper-list-p value)) (vconcat (mapcar #'drive-value value)))
   (t (format "%S" value))))

(defun drive-answer (answer)
  "Send ANSWER, a plist."
  (process-send-string drive-connection (concat (json-serialize answer :false-object :json-false) "\n")))

(defun drive-eval (text)
  "Evaluate TEXT in the buffer that the user sees."
  (with-current-buffer (window-buffer (selected-window))
    (eval (car (read-from-string text)) t)))

(defun drive-do (message)
  "Do what MESSAGE says, and answer."
  (condition-case problem
      (let ((value (drive-eval (plist-get message :form))))
        (if (and (plist-get message :wait) (not value) (< (float-time) (plist-get message :until)))
            (run-at-time 0.01 nil #'drive-do message)
          (drive-answer (list :value (drive-value value)))))
    (error (drive-answer (list :error (error-message-string problem))))))

(defun drive-receive (_process text)
  "TEXT came from the test."
  (setq drive-unread (concat drive-unread text))
  (while (string-match "\n" drive-unread)
    (let ((line (substring drive-unread 0 (match-beginning 0))))
      (setq drive-unread (substring drive-unread (match-end 0)))
      (run-at-time 0 nil #'drive-do
                   (append (list :until (+ (float-time) (string-to-number (getenv "DEADLINE_S"))))
                           (json-parse-string line :object-type 'plist :false-object nil))))))

;;; What tests ask

(defun start (&rest spec)
  "Start a job as SPEC says, and return its number."
  (let ((job (apply #'pipe-rpc-start spec)))
    (pipe-rpc-job-number job)))

(defun shown (&optional number)
  "The text of the buffer of the job NUMBER, without its first line."
  (with-current-buffer (pipe-rpc-output-buffer (pipe-rpc-job-output (pipe-rpc-job (or number 1))))
    (save-excursion
      (goto-char (point-min))
      (forward-line)
      (buffer-substring-no-properties (point) (point-max)))))

(defun shows (text &optional number)
  "Whether the buffer of the job NUMBER shows TEXT below its first line."
  (with-current-buffer (pipe-rpc-output-buffer (pipe-rpc-job-output (pipe-rpc-job (or number 1))))
    (save-excursion
      (goto-char (point-min))
      (forward-line)
      (search-forward text nil t))))

(defun state (&optional number)
  "The state of the job NUMBER."
  (symbol-name (pipe-rpc-job-state (pipe-rpc-job (or number 1)))))

(defun noticed (part)
  "The first line of *Messages* that has PART."
  (with-current-buffer "*Messages*"
    (save-excursion
      (goto-char (point-min))
      (and (search-forward part nil t)
           (buffer-substring-no-properties (line-beginning-position) (line-end-position))))))

(defun listed ()
  "The text of the list of jobs."
  (with-current-buffer "*pipe-rpc*" (buffer-substring-no-properties (point-min) (point-max))))

(setq drive-connection
      (make-network-process :name "drive" :family 'local :service (getenv "DRIVE") :noquery t
                            :coding 'utf-8 :filter #'drive-receive :sentinel #'ignore))

;;; drive.el ends here
