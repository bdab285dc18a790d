;;; pipe-rpc-doctor.el --- Whether all is well  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; And what to do where it is not.

;;; Code:

(require 'pipe-rpc)

(defun pipe-rpc-doctor--say (sign format &rest arguments)
  "Insert a line with SIGN, and FORMAT with ARGUMENTS."
  (goto-char (point-max))
  (insert (propertize (format "%-7s" sign) 'face (pcase sign ("ok" 'success) ("wrong" 'error) (_ 'shadow)))
          (apply #'format format arguments) "\n"))

(defun pipe-rpc-doctor--check-emacs ()
  "Say whether this Emacs will do."
  (if (json-available-p)
      (pipe-rpc-doctor--say "ok" "Emacs %s" emacs-version)
    (pipe-rpc-doctor--say "wrong" "Emacs %s was built without JSON: install one that has it" emacs-version)))

(defun pipe-rpc-doctor--check-settings ()
  "Say what is wrong with the settings."
  (let ((problems (pipe-rpc-settings-problems)))
    (dolist (problem problems)
      (pipe-rpc-doctor--say "wrong" "%s" problem))
    (unless problems
      (pipe-rpc-doctor--say "ok" "the settings are valid"))))

(defun pipe-rpc-doctor--check-lookup ()
  "Say where the server is; return nil where it is not."
  (condition-case problem
      (pcase-let ((`(,command . ,how) (pipe-rpc-lookup-find)))
        (pipe-rpc-doctor--say "ok" "server found %s: %s" how (string-join command " "))
        t)
    (user-error
     (pipe-rpc-doctor--say "wrong" "%s" (error-message-string problem))
     nil)))

(defun pipe-rpc-doctor--check-server (problem result)
  "Say what the server answered: PROBLEM, or RESULT."
  (let ((described (pipe-rpc-server-description)))
    (if problem
        (pipe-rpc-doctor--say "wrong" "%s; run the command in a shell to see why" (plist-get problem :message))
      (pipe-rpc-doctor--say "ok" "pipe-rpc %s, protocol %d"
                            (pipe-rpc-server-version described) (pipe-rpc-server-protocol described))
      (pipe-rpc-doctor--say "" "%d sessions, held together by %s"
                            (length (plist-get result :sessions)) (pipe-rpc-server-containment described)))
    (pipe-rpc-doctor--say "" "what the server says on stderr is in the buffer %s"
                          (buffer-name (pipe-rpc-connection-log-buffer)))))

;;;###autoload
(defun pipe-rpc-doctor ()
  "Say in a buffer whether all is well, and what to do where it is not."
  (interactive)
  (let ((buffer (get-buffer-create "*pipe-rpc-doctor*")))
    (with-current-buffer buffer
      (special-mode)
      (let ((inhibit-read-only t))
        (erase-buffer)
        (pipe-rpc-doctor--check-emacs)
        (pipe-rpc-doctor--check-settings)
        (when (pipe-rpc-doctor--check-lookup)
          (pipe-rpc-server-request
           pipe-rpc-method-list nil
           (lambda (problem result)
             (when (buffer-live-p buffer)
               (with-current-buffer buffer
                 (let ((inhibit-read-only t))
                   (save-excursion
                     (pipe-rpc-doctor--check-server problem result))))))))))
    (pop-to-buffer buffer)))

(provide 'pipe-rpc-doctor)
;;; pipe-rpc-doctor.el ends here
