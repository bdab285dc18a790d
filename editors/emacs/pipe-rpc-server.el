;;; pipe-rpc-server.el --- The one server of this Emacs  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Started at first use, checked, and started again after it died.  Requests that come while it starts wait for it in
;; their order.

;;; Code:

(require 'pipe-rpc-connection)
(require 'pipe-rpc-lookup)

(cl-defstruct (pipe-rpc-server (:constructor pipe-rpc-server--make) (:copier nil))
  "What a server has said of itself."
  command how version protocol containment)

(defvar pipe-rpc-server--connection nil
  "The connection to the server that runs or starts.")

(defvar pipe-rpc-server--description nil
  "What it has said of itself, once it has.")

(defvar pipe-rpc-server--queue nil
  "Requests that wait for it: lists of method, params and callback, newest first.")

(defvar pipe-rpc-server--environment nil
  "The environment that it was started in.")

(defvar pipe-rpc-server-notification-function #'ignore
  "Called with the method and the params of each notification.")

(defvar pipe-rpc-server-lost-function #'ignore
  "Called with how it ended, when it has.")

(defun pipe-rpc-server-environment ()
  "The environment that jobs inherit, as `process-environment'."
  (or pipe-rpc-server--environment process-environment))

(defun pipe-rpc-server-description ()
  "What runs, or nil where nothing does."
  pipe-rpc-server--description)

(defun pipe-rpc-server-ask-at-exit (ask)
  "Whether to ASK before Emacs quits, as for other processes."
  (when pipe-rpc-server--connection
    (set-process-query-on-exit-flag (pipe-rpc-connection-process pipe-rpc-server--connection) ask)))

(defun pipe-rpc-server--answer-queue (problem)
  "Send what waits, or answer it by PROBLEM, a sentence."
  (let ((waiting (nreverse pipe-rpc-server--queue)))
    (setq pipe-rpc-server--queue nil)
    (pcase-dolist (`(,method ,params ,callback) waiting)
      (cond
       (problem
        (pipe-rpc-connection--protect callback (list :message problem :kind "ServerUnavailable") nil))
       (pipe-rpc-server--connection
        (pipe-rpc-connection-request pipe-rpc-server--connection method params callback))))))

(defun pipe-rpc-server--experimental (result)
  "What RESULT, an answer to `initialize', says of pipe-rpc."
  (let ((value result))
    (dolist (key '(:capabilities :experimental :pipeRpc) value)
      (setq value (and (consp value) (plist-get value key))))))

(defun pipe-rpc-server--mismatch (result)
  "What is wrong with RESULT, an answer to `initialize', or nil."
  (let* ((experimental (pipe-rpc-server--experimental result))
         (spoken (and (consp experimental) (plist-get experimental :protocolVersion))))
    (cond
     ((not (consp experimental)) "it answers, but it is no pipe-rpc: mend the setting pipe-rpc-command")
     ((not (eql spoken pipe-rpc-protocol-version))
      (format "it speaks version %s of the protocol and this package version %d: update %s"
              spoken pipe-rpc-protocol-version
              (if (and (numberp spoken) (< spoken pipe-rpc-protocol-version)) "the server" "the package"))))))

(defun pipe-rpc-server--greeting ()
  "The params of `initialize'."
  `(:processId ,(emacs-pid) :capabilities nil
    :clientInfo (:name "Emacs" :version ,emacs-version)
    :initializationOptions (:graceMs ,(round (* 1000 (pipe-rpc-settings-get 'pipe-rpc-grace))))))

(defun pipe-rpc-server--greet (connection found)
  "Say hello by CONNECTION to the server that was FOUND."
  (let* ((timeout (pipe-rpc-settings-get 'pipe-rpc-start-timeout))
         (answered nil)
         (finish (lambda (description problem)
                   (unless answered
                     (setq answered t)
                     (pipe-rpc-server--greeted
                      connection description
                      (and problem (format "%s: %s" (string-join (car found) " ") problem)))))))
    (run-at-time timeout nil finish nil
                 (format "it said nothing for %s s; try it in a shell, or raise pipe-rpc-start-timeout" timeout))
    (pipe-rpc-connection-request
     connection "initialize" (pipe-rpc-server--greeting)
     (lambda (problem result)
       (let ((wrong (if problem (plist-get problem :message) (pipe-rpc-server--mismatch result)))
             (experimental (pipe-rpc-server--experimental result)))
         (if wrong
             (funcall finish nil wrong)
           (pipe-rpc-connection-notify connection "initialized" nil)
           (funcall finish
                    (pipe-rpc-server--make
                     :command (car found) :how (cdr found)
                     :version (plist-get (plist-get result :serverInfo) :version)
                     :protocol (plist-get experimental :protocolVersion)
                     :containment (plist-get experimental :containment))
                    nil)))))))

(defun pipe-rpc-server--greeted (connection description problem)
  "CONNECTION has told its DESCRIPTION, or there is a PROBLEM."
  (when (eq connection pipe-rpc-server--connection)
    (setq pipe-rpc-server--description description)
    (when problem
      (setq pipe-rpc-server--connection nil)
      (pipe-rpc-connection-terminate connection))
    (pipe-rpc-server--answer-queue problem)))

(defun pipe-rpc-server--ended (connection how)
  "CONNECTION is over; HOW says the way it ended."
  (when (eq connection pipe-rpc-server--connection)
    (let ((ran pipe-rpc-server--description))
      (setq pipe-rpc-server--connection nil
            pipe-rpc-server--description nil)
      (when ran
        (funcall pipe-rpc-server-lost-function how)))))

(defun pipe-rpc-server--start ()
  "Start it.  Return nil, or a sentence that says what is wrong."
  (condition-case problem
      (let* ((found (pipe-rpc-lookup-find))
             connection)
        (setq pipe-rpc-server--environment (copy-sequence process-environment)
              connection (pipe-rpc-connection-start
                          (car found)
                          (lambda (method params) (funcall pipe-rpc-server-notification-function method params))
                          (lambda (how) (pipe-rpc-server--ended connection how)))
              pipe-rpc-server--connection connection)
        (pipe-rpc-server--greet connection found)
        nil)
    (error (error-message-string problem))))

(defun pipe-rpc-server-request (method params callback)
  "Ask METHOD with PARAMS, after starting the server where none runs.
CALLBACK is called exactly once, later, with an error and a result."
  (if pipe-rpc-server--description
      (pipe-rpc-connection-request pipe-rpc-server--connection method params callback)
    (push (list method params callback) pipe-rpc-server--queue)
    (unless pipe-rpc-server--connection
      (when-let ((problem (pipe-rpc-server--start)))
        (run-at-time 0 nil #'pipe-rpc-server--answer-queue problem)))))

(provide 'pipe-rpc-server)
;;; pipe-rpc-server.el ends here
