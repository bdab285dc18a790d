;;; pipe-rpc-connection.el --- One connection to a server  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Requests that are always answered, notifications, and the end.
;;
;; The built-in jsonrpc.el is not used: it reads {} and null as the same, gives up requests after ten seconds, leaves
;; messages unread where one of their handlers fails, and kills the process group of a server that it shuts down before
;; that can end its jobs.

;;; Code:

(require 'cl-lib)
(require 'subr-x)
(require 'pipe-rpc-constants)
(require 'pipe-rpc-json)

(defconst pipe-rpc-connection--max-header-bytes 8192
  "A header that is longer is none.")

(defconst pipe-rpc-connection--max-body-bytes (* 16 1024 1024)
  "The server takes no larger body: it would end, and all jobs with it.")

(defconst pipe-rpc-connection--patience 5
  "Seconds that a server may take to end once it was told to.")

(defconst pipe-rpc-connection--log-bytes 65536
  "So much is kept of what servers write to stderr.")

(cl-defstruct (pipe-rpc-connection (:constructor pipe-rpc-connection--make) (:copier nil))
  "A server that was started, and what waits for it."
  process
  (on-notification nil :documentation "Called with a method and params.")
  (on-end nil :documentation "Called with how it ended, once every request that waited has its error.")
  (waiting (make-hash-table) :documentation "Callbacks by id.")
  (count 0)
  (over nil)
  (unsent nil :documentation "What waits for a process that is stopped, newest first.")
  (pieces nil :documentation "What was received and not understood yet, newest first.")
  (bytes 0 :documentation "The length of these.")
  (wanted nil :documentation "The length of the body that comes, or nil before its header."))

(defun pipe-rpc-connection--protect (function &rest arguments)
  "Call FUNCTION with ARGUMENTS; an error is told and stops nothing else."
  (condition-case-unless-debug problem
      (apply function arguments)
    (error (message "pipe-rpc: %s" (error-message-string problem)))))

(defun pipe-rpc-connection--failure (kind message)
  "The error KIND with MESSAGE, as one from the wire."
  (list :message message :kind kind))

(defun pipe-rpc-connection--readable (raw)
  "RAW, an error as the wire has it, with its kind."
  (let* ((data (plist-get raw :data))
         (known (alist-get (plist-get raw :code) pipe-rpc-error-kinds)))
    (list :message (or (plist-get raw :message) "the server answered an error without a message")
          :kind (or (and (consp data) (plist-get data :kind)) known "UnknownError")
          :code (plist-get raw :code)
          :data data)))

;;; Writing

(defun pipe-rpc-connection--flush (connection)
  "Send what waits, unless the process of CONNECTION is stopped.
Emacs refuses to write to such a one."
  (unless (eq (process-status (pipe-rpc-connection-process connection)) 'stop)
    (let ((texts (nreverse (pipe-rpc-connection-unsent connection))))
      (setf (pipe-rpc-connection-unsent connection) nil)
      (process-send-string (pipe-rpc-connection-process connection) (apply #'concat texts)))))

(defun pipe-rpc-connection--send (connection message)
  "Send MESSAGE, a plist, by CONNECTION.  Return nil, or what is wrong with it."
  (condition-case problem
      (let ((body (pipe-rpc-json-encode (append '(:jsonrpc "2.0") message))))
        (if (> (length body) pipe-rpc-connection--max-body-bytes)
            (pipe-rpc-connection--failure
             "TooLarge" (format "%d bytes are more than the server takes at once (%d): send less, or a file"
                                (length body) pipe-rpc-connection--max-body-bytes))
          (push (format "Content-Length: %d\r\n\r\n%s" (length body) body) (pipe-rpc-connection-unsent connection))
          (pipe-rpc-connection--flush connection)
          nil))
    ((wrong-type-argument json-error)
     (pipe-rpc-connection--failure
      "InvalidText"
      (format "names, arguments and text must be UTF-8, and these are not (%s)" (car problem))))
    ;; Its end, which is near, answers everything that waits.
    (error (pipe-rpc-connection-terminate connection)
           nil)))

(defun pipe-rpc-connection-request (connection method params callback)
  "Ask METHOD with PARAMS of CONNECTION.
CALLBACK is called exactly once, later, with an error and a result.  An error
is a plist with :message, a sentence for a person, and :kind."
  (let* ((id (cl-incf (pipe-rpc-connection-count connection)))
         (waiting (pipe-rpc-connection-waiting connection)))
    (puthash id callback waiting)
    (when-let ((problem (if (pipe-rpc-connection-over connection)
                            (pipe-rpc-connection--failure
                             "ServerGone" "the server is gone; it is started again at the next use")
                          (pipe-rpc-connection--send connection `(:id ,id :method ,method :params ,params)))))
      (run-at-time 0 nil #'pipe-rpc-connection--answer connection id problem nil))
    id))

(defun pipe-rpc-connection-notify (connection method params)
  "Tell CONNECTION of METHOD with PARAMS."
  (pipe-rpc-connection--send connection `(:method ,method :params ,params)))

(defun pipe-rpc-connection--answer (connection id problem result)
  "The request ID of CONNECTION is answered by PROBLEM or RESULT."
  (let* ((waiting (pipe-rpc-connection-waiting connection))
         (callback (gethash id waiting)))
    (when callback
      (remhash id waiting)
      (pipe-rpc-connection--protect callback problem result))))

;;; Reading

(defun pipe-rpc-connection--join (connection)
  "Everything that CONNECTION has received, as one string."
  (let ((pieces (pipe-rpc-connection-pieces connection)))
    (when (cdr pieces)
      (setf (pipe-rpc-connection-pieces connection) (list (apply #'concat (nreverse pieces)))))
    (or (car (pipe-rpc-connection-pieces connection)) "")))

(defun pipe-rpc-connection--keep (connection text)
  "TEXT is all that CONNECTION has left."
  (setf (pipe-rpc-connection-pieces connection) (and (not (string-empty-p text)) (list text))
        (pipe-rpc-connection-bytes connection) (length text)))

(defun pipe-rpc-connection--refuse (connection text)
  "CONNECTION received TEXT, which is no message.
End it, so that nothing waits in vain."
  (message "pipe-rpc: the server said what is no message: %s" (truncate-string-to-width text 80 nil nil t))
  (pipe-rpc-connection--keep connection "")
  (pipe-rpc-connection-terminate connection))

(defun pipe-rpc-connection--read-header (connection)
  "Whether a header of CONNECTION was read."
  (let* ((text (pipe-rpc-connection--join connection))
         (case-fold-search t)
         (end (string-match "\r\n\r\n" text)))
    (cond
     ((and end (string-match "\\(?:\\`\\|\r\n\\)Content-Length: *\\([0-9]+\\) *\r\n" (substring text 0 (+ end 2))))
      (setf (pipe-rpc-connection-wanted connection) (string-to-number (match-string 1 text)))
      (pipe-rpc-connection--keep connection (substring text (+ end 4)))
      t)
     ((or end (> (length text) pipe-rpc-connection--max-header-bytes))
      (pipe-rpc-connection--refuse connection text)
      nil))))

(defun pipe-rpc-connection--read-body (connection)
  "Whether a body of CONNECTION was read."
  (let ((wanted (pipe-rpc-connection-wanted connection)))
    (when (>= (pipe-rpc-connection-bytes connection) wanted)
      (let ((text (pipe-rpc-connection--join connection)))
        (setf (pipe-rpc-connection-wanted connection) nil)
        (pipe-rpc-connection--keep connection (substring text wanted))
        (condition-case nil
            (let ((message (pipe-rpc-json-decode (substring text 0 wanted))))
              (pipe-rpc-connection--protect #'pipe-rpc-connection--dispatch connection message))
          (json-error (pipe-rpc-connection--refuse connection (substring text 0 wanted)))))
      t)))

(defun pipe-rpc-connection--receive (connection piece)
  "CONNECTION received PIECE."
  (push piece (pipe-rpc-connection-pieces connection))
  (cl-incf (pipe-rpc-connection-bytes connection) (length piece))
  (while (and (not (pipe-rpc-connection-over connection))
              (if (pipe-rpc-connection-wanted connection)
                  (pipe-rpc-connection--read-body connection)
                (pipe-rpc-connection--read-header connection)))))

(defun pipe-rpc-connection--dispatch (connection message)
  "CONNECTION received MESSAGE."
  (let* ((id (plist-get message :id))
         (method (plist-get message :method)))
    (cond
     ((and method (plist-member message :id))
      ;; A server that asks for something gets an answer, whatever it is.
      (pipe-rpc-connection--send
       connection `(:id ,id :error (:code -32601 :message ,(concat "no such method: " method)))))
     (method
      (funcall (pipe-rpc-connection-on-notification connection) method (plist-get message :params)))
     ((plist-member message :error)
      (pipe-rpc-connection--answer
       connection id (pipe-rpc-connection--readable (plist-get message :error)) nil))
     (t (pipe-rpc-connection--answer connection id nil (plist-get message :result))))))

;;; Start and end

(defun pipe-rpc-connection--ending (process)
  "How PROCESS ended, in words."
  (format (if (eq (process-status process) 'signal) "by signal %d" "with status %d") (process-exit-status process)))

(defun pipe-rpc-connection--ended (connection)
  "The process of CONNECTION has ended."
  (let ((how (pipe-rpc-connection--ending (pipe-rpc-connection-process connection))))
    (setf (pipe-rpc-connection-over connection) t
          (pipe-rpc-connection-pieces connection) nil)
    (dolist (id (hash-table-keys (pipe-rpc-connection-waiting connection)))
      (pipe-rpc-connection--answer
       connection id
       (pipe-rpc-connection--failure "ServerGone" (format "the server ended %s before it answered" how)) nil))
    (pipe-rpc-connection--protect (pipe-rpc-connection-on-end connection) how)))

(defun pipe-rpc-connection-log-buffer ()
  "The buffer that has what servers wrote to stderr."
  (get-buffer-create "*pipe-rpc-log*"))

(defun pipe-rpc-connection--log (_process text)
  "Keep TEXT, which a server wrote to stderr."
  (with-current-buffer (pipe-rpc-connection-log-buffer)
    (buffer-disable-undo)
    (save-excursion
      (goto-char (point-max))
      (insert text)
      (delete-region (point-min) (max (point-min) (- (point-max) pipe-rpc-connection--log-bytes))))))

(defun pipe-rpc-connection-start (command on-notification on-end)
  "Start a server by COMMAND, a list of words.  Signals an error where it cannot.
ON-NOTIFICATION is called with each method and its params, ON-END with how the
server ended, when it has."
  (let* ((connection (pipe-rpc-connection--make :on-notification on-notification :on-end on-end))
         ;; Whatever directory the user is in may be deleted, or on another machine.
         (default-directory "/")
         (process-adaptive-read-buffering nil)
         (log (make-pipe-process :name "pipe-rpc-log" :noquery t :coding 'utf-8
                                 :filter #'pipe-rpc-connection--log :sentinel #'ignore)))
    (condition-case problem
        (setf (pipe-rpc-connection-process connection)
              (make-process
               :name "pipe-rpc" :command command :connection-type 'pipe :coding 'binary :noquery t :stderr log
               :filter (lambda (_process piece) (pipe-rpc-connection--receive connection piece))
               :sentinel (lambda (process _change)
                           (if (process-live-p process)
                               (pipe-rpc-connection--protect #'pipe-rpc-connection--flush connection)
                             (delete-process log)
                             (pipe-rpc-connection--ended connection)))))
      (error
       (delete-process log)
       (signal (car problem) (cdr problem))))
    connection))

(defun pipe-rpc-connection-close (connection)
  "Close the stdin of the server of CONNECTION: it ends in order."
  (condition-case nil
      (process-send-eof (pipe-rpc-connection-process connection))
    ;; It has ended already, and Emacs is about to tell.
    (error nil)))

(defun pipe-rpc-connection-terminate (connection)
  "End the server of CONNECTION, which may not answer, nor heed SIGTERM.
That lets it end in order, too.  What it says from now on is of no interest."
  (let ((process (pipe-rpc-connection-process connection)))
    (when (process-live-p process)
      (set-process-filter process #'ignore)
      (signal-process process 'SIGTERM)
      (run-at-time pipe-rpc-connection--patience nil
                   (lambda ()
                     (when (process-live-p process)
                       (signal-process process 'SIGKILL)))))))

(provide 'pipe-rpc-connection)
;;; pipe-rpc-connection.el ends here
