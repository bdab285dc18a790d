;;; drive.el --- does in Emacs what a person does with eglot.el  -*- lexical-binding: t -*-

;;; Commentary:

;; Environment: CONFIGURATION, and DEADLINE_S for each step.  Writes down what the editor shows.

;;; Code:

(package-initialize)
(load (getenv "CONFIGURATION"))
(require 'json)
(require 'flymake)

(setq eglot-autoshutdown nil
      eglot-sync-connect t
      eglot-events-buffer-size 0
      flymake-start-on-flymake-mode t)

(defvar drive-messages nil)
(advice-add 'message :before
            (lambda (&rest given) (when (car given) (push (apply #'format-message given) drive-messages))))

(defun drive-wait (what condition)
  "Wait until CONDITION holds, which is WHAT."
  (let ((end (+ (float-time) (string-to-number (getenv "DEADLINE_S")))))
    (while (not (funcall condition))
      (when (> (float-time) end)
        (error "In vain: %s; messages: %S" what drive-messages))
      (accept-process-output nil 0.05))))

(defun drive-shown ()
  "The diagnostics of this buffer: lines and texts."
  (mapcar (lambda (each)
            (vector (line-number-at-pos (flymake-diagnostic-beg each)) (flymake-diagnostic-text each)))
          (flymake-diagnostics)))

(defun drive-states ()
  "The states of all sessions, as the list tells them, oldest first."
  (let (answer)
    (pipe-rpc-execute "list" nil (lambda (given) (setq answer given)))
    (drive-wait "a list" (lambda () answer))
    (mapcar (lambda (each) (plist-get each :state)) (plist-get answer :sessions))))

(with-temp-file "notes.txt" (insert "one\ntwo\nthree\n"))
(find-file "notes.txt")
(call-interactively #'eglot)
(drive-wait "a server" #'eglot-current-server)

(let (first again)
  (pipe-rpc-run "cat next 2>/dev/null || { echo notes.txt:2:1: error: wrong; exit 2; }")
  (drive-wait "a diagnostic" #'drive-shown)
  (setq first (drive-shown))
  (drive-wait "a message" (lambda () (seq-some (lambda (each) (string-match-p "exit status 2" each)) drive-messages)))
  (with-temp-file "next" (insert "notes.txt:3:1: warning: other\n"))
  (pipe-rpc-rerun-last)
  (drive-wait "another diagnostic" (lambda () (and (drive-shown) (not (equal (drive-shown) first)))))
  (setq again (drive-shown))
  (pipe-rpc-run "sleep 1000")
  (let ((before (car (last (drive-states)))))
    (pipe-rpc-stop)
    (drive-wait "the end of a job" (lambda () (equal (car (last (drive-states))) "exited")))
    (with-temp-file "summary.json"
      (insert (json-serialize (list :first (vconcat first) :again (vconcat again) :before before
                                    :messages (vconcat drive-messages)))))))

(let* ((server (eglot-current-server))
       (process (jsonrpc--process server)))
  (eglot-shutdown server)
  (drive-wait "the end of the server" (lambda () (not (process-live-p process)))))
;;; drive.el ends here
