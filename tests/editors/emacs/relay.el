;;; relay.el --- Carries messages between a socket and a server  -*- lexical-binding: t -*-

;;; Commentary:

;; Through the connection of the package: see tests/editors/relay.py.

;;; Code:

(require 'pipe-rpc-connection)

(defvar relay-unread "" "What came and is no line yet.")
(defvar relay-socket nil "What carries lines to the socket, and from there.")
(defvar relay-server nil "The connection to the server.")
(defvar relay-ids nil "What the numbers of clients are to the server: pairs.")
(defvar relay-over nil "Whether the server has ended.")

(defun relay-tell (message)
  "Write MESSAGE, a plist, to the socket."
  (process-send-string relay-socket
                       (concat (pipe-rpc-json-encode message) "\n")))

(defun relay-answer (id problem result)
  "Hand back the answer of the request ID: PROBLEM or RESULT.
What the server never answered, because it ended, is not answered."
  (cond
   ((not problem) (relay-tell `(:jsonrpc "2.0" :id ,id :result ,result)))
   ((plist-get problem :code)
    (relay-tell `(:jsonrpc "2.0" :id ,id
                  :error (:code ,(plist-get problem :code) :message ,(plist-get problem :message)
                          ,@(and (plist-get problem :data) (list :data (plist-get problem :data)))))))))

(defun relay-carry (message)
  "Send MESSAGE, which came over the socket."
  (let ((method (plist-get message :method)) (params (plist-get message :params)) (id (plist-get message :id)))
    (cond
     ((plist-member message :id)
      (push (cons id (pipe-rpc-connection-request relay-server method params (apply-partially #'relay-answer id)))
            relay-ids))
     ((equal method "$/cancelRequest")
      (let ((named (plist-get params :id)))
        (pipe-rpc-connection-notify relay-server method (list :id (alist-get named relay-ids named nil #'equal)))))
     (t (pipe-rpc-connection-notify relay-server method params)))))

(defun relay-receive (_process text)
  "TEXT came over the socket."
  (setq relay-unread (concat relay-unread text))
  (while (string-match "\n" relay-unread)
    (let ((line (substring relay-unread 0 (match-beginning 0))))
      (setq relay-unread (substring relay-unread (match-end 0)))
      (if (equal line "null")
          (pipe-rpc-connection-close relay-server)
        (relay-carry (pipe-rpc-json-decode line))))))

(defun relay-ended (how)
  "The server has ended; HOW says the way."
  (let ((number (string-to-number (car (last (split-string how))))))
    (relay-tell (list :ended (if (string-match-p "signal" how) (- number) number))))
  (setq relay-over t))

(defun relay-left (_process _change)
  "Whoever listened has gone."
  (kill-emacs 1))

(setq relay-socket
      (make-network-process :name "relay" :family 'local :service (getenv "PIPE_RPC_RELAY") :coding 'binary
                            :noquery t :filter #'relay-receive :sentinel #'relay-left)
      relay-server
      (pipe-rpc-connection-start
       (append (json-parse-string (getenv "PIPE_RPC_RELAY_SERVER")) nil)
       (lambda (method params) (relay-tell `(:jsonrpc "2.0" :method ,method :params ,params)))
       #'relay-ended))

(while (not relay-over)
  (accept-process-output nil 1))
(kill-emacs 0)

;;; relay.el ends here
