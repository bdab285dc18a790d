;;; pipe-rpc-command.el --- What users call  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Commands that are about one job mean that whose number is the prefix argument; without one, that of the buffer or of
;; the line of the list; elsewhere the newest that runs, else the newest.

;;; Code:

(require 'shell)
(require 'pipe-rpc)
(require 'pipe-rpc-list)

(defvar pipe-rpc-command--run-history nil
  "Commands that were run without a shell.")

(defvar pipe-rpc-command--write-history nil
  "Lines that were written to jobs.")

(defconst pipe-rpc-command--signals
  '("SIGCONT" "SIGHUP" "SIGINT" "SIGKILL" "SIGQUIT" "SIGSTOP" "SIGTERM" "SIGUSR1" "SIGUSR2" "SIGWINCH")
  "Signals that are completed; any other can be typed.")

;;; Start

(defconst pipe-rpc-command--word
  (rx (+ (or (not (any " \t\n'\"\\"))
             (seq ?\\ anychar)
             (seq ?' (* (not (any ?'))) (or ?' string-end))
             (seq ?\" (* (or (not (any ?\" ?\\)) (seq ?\\ anychar))) (or ?\" string-end))
             (seq ?\\ string-end))))
  "A word, or the rest of the text where a quote is not closed.")

(defconst pipe-rpc-command--part
  (rx (or (seq ?' (group (* (not (any ?')))) (? ?'))
          (seq ?\" (group (* (or (not (any ?\" ?\\)) (seq ?\\ anychar)))) (? ?\"))
          (seq ?\\ (group (? anychar)))))
  "A part of a word that is quoted.")

(defun pipe-rpc-command--unquote (word)
  "What WORD stands for."
  (replace-regexp-in-string
   pipe-rpc-command--part
   (lambda (part)
     (pcase (aref part 0)
       (?\" (let ((inner (match-string 2 part)))
              (save-match-data (replace-regexp-in-string (rx ?\\ (group (any "\"\\$`"))) "\\1" inner t))))
       (?\' (match-string 1 part))
       (_ (match-string 3 part))))
   word t t))

(defun pipe-rpc-command-split (line)
  "The words of LINE, split at blanks that are not quoted, as a shell does.
Nothing else means anything: no variable, no semicolon.  The function
`split-string-shell-command' would drop what is before one of these."
  (let ((from 0) words)
    (while (string-match pipe-rpc-command--word line from)
      (setq from (match-end 0))
      (push (pipe-rpc-command--unquote (match-string 0 line)) words))
    (nreverse words)))

(defun pipe-rpc-command--read-place (prefix)
  "Ask for the directory of a job where there is a PREFIX argument.
Where there are two, ask also for variables.  Return both."
  (list (and prefix (read-directory-name "Directory: "))
        (and (>= (prefix-numeric-value prefix) 16)
             (split-string-and-unquote (read-string "Variables (NAME=VALUE …): ")))))

(defun pipe-rpc-command--read (prompt history initial prefix)
  "Ask for a command by PROMPT, and for where it is to run by PREFIX.
HISTORY and INITIAL are as for `read-shell-command'."
  (cons (read-shell-command prompt initial history)
        (pipe-rpc-command--read-place prefix)))

;;;###autoload
(defun pipe-rpc-run (command &optional directory env)
  "Run COMMAND as a job, without a shell.
COMMAND is a list of words; or a string, which is split at blanks that are not
quoted.  DIRECTORY and ENV are as :cwd and :env of `pipe-rpc-start'.
With a prefix argument, ask for the directory; with two, also for variables."
  (interactive (pipe-rpc-command--read "Run: " 'pipe-rpc-command--run-history nil current-prefix-arg))
  (let ((argv (if (stringp command) (pipe-rpc-command-split command) command)))
    (unless argv
      (user-error "There is no command: write, say, make -j2"))
    (pipe-rpc-start :argv (mapcar #'pipe-rpc-command--expand argv) :cwd directory :env env)))

(defun pipe-rpc-command--expand (word)
  "WORD, with a home directory in the place of a tilde."
  (if (string-prefix-p "~/" word) (expand-file-name word) word))

;;;###autoload
(defun pipe-rpc-shell (line &optional directory env)
  "Run LINE by the shell as a job, as `compile' does.
DIRECTORY and ENV are as :cwd and :env of `pipe-rpc-start'.
With a prefix argument, ask for the directory; with two, also for variables."
  (interactive
   (pipe-rpc-command--read "Shell: " 'compile-history (eval compile-command t) current-prefix-arg))
  (when (string-blank-p line)
    (user-error "There is no line for the shell: write, say, make 2>&1 | head"))
  (pipe-rpc-start :shell line :cwd directory :env env))

;;; One job

(defun pipe-rpc-command--job (number)
  "The job NUMBER, or that which is meant without one.
Signals an error where there is none."
  (or (if number (pipe-rpc-jobs-get number) (pipe-rpc-jobs-current))
      (if number
          (user-error "There is no job %d: see M-x pipe-rpc-list" number)
        (user-error "There is no job: start one by M-x pipe-rpc-run"))))

(defun pipe-rpc-command--number ()
  "The number that the prefix argument says, or nil."
  (list (and current-prefix-arg (prefix-numeric-value current-prefix-arg))))

(defun pipe-rpc-command--buffer (number)
  "The buffer of the job NUMBER."
  (let ((job (pipe-rpc-command--job number)))
    (unless (pipe-rpc-output-live-p (pipe-rpc-job-output job))
      (if (pipe-rpc-job-attached job)
          (user-error "The buffer of job %d was killed: rerun it" (pipe-rpc-job-number job))
        (pipe-rpc-job-attach job)))
    (pipe-rpc-output-buffer (pipe-rpc-job-output job))))

;;;###autoload
(defun pipe-rpc-rerun (&optional number)
  "Run the job NUMBER again; what still runs of it is stopped first.
Without a number, that of this buffer or line, elsewhere the one started last."
  (interactive (pipe-rpc-command--number))
  (let ((job (if number (pipe-rpc-command--job number) (or (pipe-rpc-jobs-here) (pipe-rpc-jobs-last-started)))))
    (unless job
      (user-error "There is no job to rerun: start one by M-x pipe-rpc-run"))
    (pipe-rpc-job-rerun job)
    (when (pipe-rpc-settings-get 'pipe-rpc-show)
      ;; Its buffer may have been killed, and the next run is yet to come.
      (pipe-rpc-command--buffer (pipe-rpc-job-number job))
      (pipe-rpc-output-show (pipe-rpc-job-output job)))))

;;;###autoload
(defun pipe-rpc-open (&optional number)
  "Show the output of the job NUMBER in this window."
  (interactive (pipe-rpc-command--number))
  (switch-to-buffer (pipe-rpc-command--buffer number)))

;;;###autoload
(defun pipe-rpc-open-other-window (&optional number)
  "Show the output of the job NUMBER in another window, and go there."
  (interactive (pipe-rpc-command--number))
  (switch-to-buffer-other-window (pipe-rpc-command--buffer number)))

;;;###autoload
(defun pipe-rpc-display (&optional number)
  "Show the output of the job NUMBER in another window, and stay here."
  (interactive (pipe-rpc-command--number))
  (display-buffer (pipe-rpc-command--buffer number) '(nil (inhibit-same-window . t))))

;;;###autoload
(defun pipe-rpc-stop (&optional number)
  "Stop the job NUMBER softly; a second time, kill it at once."
  (interactive (pipe-rpc-command--number))
  (let ((job (pipe-rpc-command--job number)))
    (pipe-rpc-job-stop job (and (eq (pipe-rpc-job-state job) 'stopping) 0))))

;;;###autoload
(defun pipe-rpc-kill (&optional number)
  "Kill the job NUMBER, and everything that it started, at once."
  (interactive (pipe-rpc-command--number))
  (pipe-rpc-job-stop (pipe-rpc-command--job number) 0))

;;;###autoload
(defun pipe-rpc-signal (signal &optional number)
  "Send SIGNAL, a name such as \"SIGHUP\", to the job NUMBER."
  (interactive (cons (completing-read "Signal: " pipe-rpc-command--signals) (pipe-rpc-command--number)))
  (when (string-blank-p signal)
    (user-error "Which signal? For example SIGHUP"))
  (pipe-rpc-job-signal (pipe-rpc-command--job number) (upcase signal)))

(defun pipe-rpc-command--read-line (number)
  "Ask for a line to be written to the job NUMBER."
  (let ((job (pipe-rpc-command--job number)))
    (unless (pipe-rpc-job-active-p job)
      (user-error "Job %d is over (%s) and reads nothing: rerun it"
                  (pipe-rpc-job-number job) (pipe-rpc-job-describe job)))
    (read-string (format "stdin of %s: " (pipe-rpc-job-name job)) nil 'pipe-rpc-command--write-history)))

;;;###autoload
(defun pipe-rpc-write (line &optional number)
  "Write LINE to the stdin of the job NUMBER."
  (interactive (let ((number (pipe-rpc-command--number)))
                 (cons (pipe-rpc-command--read-line (car number)) number)))
  (pipe-rpc-job-write (pipe-rpc-command--job number) (concat line "\n")))

;;;###autoload
(defun pipe-rpc-close (&optional number)
  "Tell the job NUMBER that its input is at its end."
  (interactive (pipe-rpc-command--number))
  (pipe-rpc-job-write (pipe-rpc-command--job number) "" t))

;;;###autoload
(defun pipe-rpc-detach (&optional number)
  "Read the output of the job NUMBER no more; it runs on."
  (interactive (pipe-rpc-command--number))
  (pipe-rpc-job-detach (pipe-rpc-command--job number)))

;;;###autoload
(defun pipe-rpc-attach (&optional number)
  "Read the output of the job NUMBER again, with what came meanwhile."
  (interactive (pipe-rpc-command--number))
  (pipe-rpc-job-attach (pipe-rpc-command--job number)))

;;;###autoload
(defun pipe-rpc-toggle (&optional number)
  "Detach from the output of the job NUMBER, or attach again."
  (interactive (pipe-rpc-command--number))
  (let ((job (pipe-rpc-command--job number)))
    (if (pipe-rpc-job-attached job)
        (pipe-rpc-job-detach job)
      (pipe-rpc-job-attach job))))

;;;###autoload
(defun pipe-rpc-log (&optional number)
  "Show what is retained of the output of the job NUMBER.
It comes in a buffer of its own: whole lines, no colors, for searching and
saving."
  (interactive (pipe-rpc-command--number))
  (let ((job (pipe-rpc-command--job number)))
    (pipe-rpc-job-text
     job
     (lambda (text missed)
       (with-current-buffer (get-buffer-create (format "*pipe-rpc %d log*" (pipe-rpc-job-number job)))
         (let ((inhibit-read-only t))
           (erase-buffer)
           (when (> missed 0)
             (insert (format "[%d bytes before this were not kept]\n" missed)))
           (insert text))
         (goto-char (point-min))
         (set-buffer-modified-p nil)
         (display-buffer (current-buffer)))))))

;;;###autoload
(defun pipe-rpc-copy (&optional number)
  "Copy the command of the job NUMBER."
  (interactive (pipe-rpc-command--number))
  (let ((spec (pipe-rpc-job-spec (pipe-rpc-command--job number))))
    (kill-new (or (plist-get spec :shell) (mapconcat #'shell-quote-argument (plist-get spec :argv) " ")))
    (message "%s" (current-kill 0 t))))

;;;###autoload
(defun pipe-rpc-dispose (&optional number)
  "Kill and forget the job NUMBER, and its buffer."
  (interactive (pipe-rpc-command--number))
  (pipe-rpc-jobs-dispose (pipe-rpc-command--job number)))

(defvar pipe-rpc-command-map
  (let ((map (make-sparse-keymap)))
    (define-key map "!" 'pipe-rpc-run)
    (define-key map "c" 'pipe-rpc-shell)
    (define-key map "l" 'pipe-rpc-list)
    (define-key map "g" 'pipe-rpc-rerun)
    (define-key map "o" 'pipe-rpc-open)
    (define-key map "k" 'pipe-rpc-stop)
    (define-key map "K" 'pipe-rpc-kill)
    (define-key map "s" 'pipe-rpc-signal)
    (define-key map "i" 'pipe-rpc-write)
    (define-key map "e" 'pipe-rpc-close)
    (define-key map "D" 'pipe-rpc-detach)
    (define-key map "A" 'pipe-rpc-attach)
    (define-key map "L" 'pipe-rpc-log)
    (define-key map "d" 'pipe-rpc-dispose)
    (define-key map "?" 'pipe-rpc-doctor)
    map)
  "Keys of pipe-rpc.  Bind it to a key of your own.")
(fset 'pipe-rpc-command-map pipe-rpc-command-map)

(provide 'pipe-rpc-command)
;;; pipe-rpc-command.el ends here
