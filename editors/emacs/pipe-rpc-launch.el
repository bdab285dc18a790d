;;; pipe-rpc-launch.el --- What the server is told when a job starts  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; No stream is attached: output is asked for, see `pipe-rpc-reader'.

;;; Code:

(require 'cl-lib)
(require 'pipe-rpc-reader)
(require 'pipe-rpc-settings)

(defun pipe-rpc-launch--table (environment)
  "ENVIRONMENT, as `process-environment', as a table; the first of a name counts."
  (let ((table (make-hash-table :test #'equal)))
    (dolist (entry (reverse environment) table)
      (if (string-match "=" entry)
          (puthash (substring entry 0 (match-beginning 0)) (substring entry (match-end 0)) table)
        (remhash entry table)))))

(defun pipe-rpc-launch--environment (spec inherited)
  "What differs for SPEC from the INHERITED environment, as a table.
That is what Emacs was told since, say by direnv, what the settings say, and
what the job wants."
  (let* ((own (list (format "INSIDE_EMACS=%s,pipe-rpc" emacs-version)))
         (current (or (plist-get spec :environment) process-environment))
         (colors (and (pipe-rpc-settings-get 'pipe-rpc-color)
                      (not (gethash "NO_COLOR" (pipe-rpc-launch--table current)))
                      '("FORCE_COLOR=1" "CLICOLOR_FORCE=1")))
         (wanted (pipe-rpc-launch--table
                  (append (plist-get spec :env) (pipe-rpc-settings-get 'pipe-rpc-environment) own current colors)))
         (inherited (pipe-rpc-launch--table inherited))
         (changes (make-hash-table :test #'equal)))
    (maphash (lambda (name value)
               (unless (or (equal (gethash name inherited) value)
                           ;; What is no Unicode stays as it was; the server could not be told.
                           (string-match-p "[\x3fff80-\x3fffff]" (concat name value)))
                 (puthash name value changes)))
             wanted)
    (maphash (lambda (name _value)
               (unless (gethash name wanted)
                 (puthash name :null changes)))
             inherited)
    changes))

(defun pipe-rpc-launch--argv (spec)
  "The words that SPEC starts."
  (or (plist-get spec :argv)
      (list shell-file-name shell-command-switch (plist-get spec :shell))))

(defun pipe-rpc-launch-params (session name spec)
  "The params that spawn SESSION, called NAME, as SPEC says."
  (append
   (list :sessionId session
         :argv (vconcat (pipe-rpc-launch--argv spec))
         :command name
         :cwd (directory-file-name (plist-get spec :cwd))
         :env (pipe-rpc-launch--environment spec (pipe-rpc-server-environment))
         :mergeStderr t
         :attach []
         :backlogBytes pipe-rpc-reader-backlog-bytes
         :graceMs (round (* 1000 (pipe-rpc-settings-get 'pipe-rpc-grace))))
   (when-let ((timeout (plist-get spec :timeout)))
     (list :timeoutMs (max 1 (round (* 1000 timeout)))))
   (when-let ((tee (plist-get spec :tee)))
     `(:tee (:stdout (:path ,(expand-file-name tee (plist-get spec :cwd))))))))

(provide 'pipe-rpc-launch)
;;; pipe-rpc-launch.el ends here
