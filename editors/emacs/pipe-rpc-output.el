;;; pipe-rpc-output.el --- The buffer of a job  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; A buffer of compilation mode, so `next-error', its keys, `compilation-error-regexp-alist' and the hooks of users do
;; there what they do behind `compile'.  The end is followed in each window whose point is there, and only there.

;;; Code:

(require 'ansi-color)
(require 'compile)
(require 'pipe-rpc-drawing)
(require 'pipe-rpc-events)
(require 'pipe-rpc-settings)
(require 'pipe-rpc-text)

(defconst pipe-rpc-output--name-characters 60
  "How much of a command the name of its buffer shows.")

(defconst pipe-rpc-output--max-line 4000
  "Longer lines are broken: moving in them takes Emacs seconds.")

(defconst pipe-rpc-output--max-waiting (* 5 512 1024)
  "Characters that wait to be drawn of one job at most, where lines are long.
That is a little more than the server retains, which may come at once.")

(defvar-local pipe-rpc-output-job nil
  "The number of the job whose output this buffer shows.")

(defvar-local pipe-rpc-output--new-lines 0
  "Lines that came since the oldest were deleted.")

(defvar pipe-rpc-output-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map "g" 'pipe-rpc-rerun)
    (define-key map [remap recompile] 'pipe-rpc-rerun)
    (define-key map "\C-c\C-k" 'pipe-rpc-stop)
    (define-key map [remap kill-compilation] 'pipe-rpc-stop)
    (define-key map "i" 'pipe-rpc-write)
    (define-key map "\C-c\C-d" 'pipe-rpc-close)
    (define-key map "D" 'pipe-rpc-toggle)
    (define-key map "L" 'pipe-rpc-log)
    map)
  "Keys of the output of a job, besides those of compilation mode.")

(define-compilation-mode pipe-rpc-output-mode "Job"
  "The output of a job.
\\<pipe-rpc-output-mode-map>Here \\[pipe-rpc-rerun] runs it again, \
\\[pipe-rpc-stop] stops it, and does so at once when it is used twice;
\\[pipe-rpc-write] writes a line to its stdin.

\\{pipe-rpc-output-mode-map}"
  (buffer-disable-undo)
  (setq-local window-point-insertion-type t
              bidi-paragraph-direction 'left-to-right
              bidi-inhibit-bpa t
              ansi-color-apply-face-function #'ansi-color-apply-text-property-face
              revert-buffer-function (lambda (&rest _) (call-interactively 'pipe-rpc-rerun)))
  (setq ansi-color-context-region nil))

(cl-defstruct (pipe-rpc-output (:constructor pipe-rpc-output--make) (:copier nil))
  "The buffer of a job and what waits for it."
  buffer
  drawing
  (held "" :documentation "The end of what was drawn, which the next piece completes.")
  (midline nil :documentation "Whether what was written last did not end a line.")
  (process nil :documentation "Nothing runs in it.
While it lives, compilation mode leaves lines that are not whole alone."))

(defun pipe-rpc-output-new (number name)
  "A buffer for the job NUMBER, which is called NAME."
  (let ((shown (truncate-string-to-width (string-replace "\n" " " name) pipe-rpc-output--name-characters nil nil t)))
    (pipe-rpc-output--make :buffer (generate-new-buffer (format "*pipe-rpc %d: %s*" number shown)))))

(defun pipe-rpc-output--new-drawing (output)
  "Let nothing be drawn in OUTPUT but what comes from now on."
  (let (drawing)
    (setq drawing (pipe-rpc-drawing-new
                   (pipe-rpc-tail-new pipe-rpc-output--max-waiting (pipe-rpc-settings-get 'pipe-rpc-scrollback))
                   (lambda (text)
                     (when (eq drawing (pipe-rpc-output-drawing output))
                       (pipe-rpc-output--draw output text)))))
    (setf (pipe-rpc-output-drawing output) drawing
          (pipe-rpc-output-held output) ""
          (pipe-rpc-output-midline output) nil)))

(defun pipe-rpc-output-live-p (output)
  "Whether the buffer of OUTPUT is still there: the user may have killed it."
  (buffer-live-p (pipe-rpc-output-buffer output)))

(defun pipe-rpc-output--header (name)
  "The first line of the output of the job called NAME.
`next-error' begins behind the first character, and parsing behind this line."
  (concat (propertize (format "[%s]" (string-replace "\n" " " name)) 'font-lock-face 'shadow)
          (propertize "\n" 'compilation-header-end t)))

(defun pipe-rpc-output-begin (output number name directory matcher)
  "Empty OUTPUT for a run of the job NUMBER, called NAME, in DIRECTORY.
MATCHER is nil, or what is to be used as `compilation-error-regexp-alist'."
  (with-current-buffer (pipe-rpc-output-buffer output)
    (let ((inhibit-read-only t))
      (erase-buffer))
    (setq default-directory directory)
    (pipe-rpc-events-call #'pipe-rpc-output-mode)
    (setq pipe-rpc-output-job number)
    (let ((inhibit-read-only t))
      (insert (pipe-rpc-output--header name)))
    (when matcher
      (setq-local compilation-error-regexp-alist matcher))
    (setq mode-line-process '((:propertize ":run" face compilation-mode-line-run) compilation-mode-line-errors)
          next-error-last-buffer (current-buffer))
    (pipe-rpc-output--new-drawing output)
    (when (pipe-rpc-output-process output)
      (delete-process (pipe-rpc-output-process output)))
    (setf (pipe-rpc-output-process output)
          (make-pipe-process :name (format "pipe-rpc-job-%d" number) :buffer (current-buffer) :noquery t
                             :filter #'ignore :sentinel #'ignore))))

(defun pipe-rpc-output-settle (output)
  "What is not drawn yet of OUTPUT is of no interest: it is to be used again."
  (pipe-rpc-drawing-give-up (pipe-rpc-output-drawing output)))

(defun pipe-rpc-output-show (output)
  "Show OUTPUT in a window where it is in none, and follow its end."
  (let ((window (display-buffer (pipe-rpc-output-buffer output) '(nil (allow-no-window . t)))))
    (when window
      (set-window-point window (with-current-buffer (pipe-rpc-output-buffer output) (point-max))))))

(defun pipe-rpc-output-append (output text)
  "Draw TEXT, which a job wrote, in OUTPUT."
  (unless (or (string-empty-p text) (not (pipe-rpc-output-live-p output)))
    (setf (pipe-rpc-output-midline output) (/= (aref text (1- (length text))) ?\n))
    (pipe-rpc-drawing-add (pipe-rpc-output-drawing output) text)))

(defun pipe-rpc-output-full-p (output)
  "Whether so much of OUTPUT waits that more would only push that out."
  (pipe-rpc-tail-full-p (pipe-rpc-drawing-tail (pipe-rpc-output-drawing output))))

(defun pipe-rpc-output-note (output text)
  "Say TEXT about a job on a line of its own in OUTPUT, unlike what the job says."
  (pipe-rpc-output-append
   output
   (format "\e[0m%s\e[2m[%s]\e[0m\n" (if (pipe-rpc-output-midline output) "\n" "") (string-replace "\n" " " text))))

;;; Drawing

(defun pipe-rpc-output--break-lines (start)
  "Break lines from START on that are too long."
  (goto-char start)
  (forward-line 0)
  (while (not (eobp))
    (if (<= (- (line-end-position) (point)) pipe-rpc-output--max-line)
        (forward-line)
      (forward-char pipe-rpc-output--max-line)
      (insert "\n")
      (cl-incf pipe-rpc-output--new-lines))))

(defun pipe-rpc-output--truncate ()
  "Delete the oldest lines, where there are more than the setting says."
  (setq pipe-rpc-output--new-lines 0)
  (goto-char (point-max))
  (forward-line (- (pipe-rpc-settings-get 'pipe-rpc-scrollback)))
  (unless (bobp)
    ;; Otherwise compilation mode would look at everything again.
    (with-silent-modifications
      (delete-region (point-min) (point)))))

(defun pipe-rpc-output--insert (text)
  "Insert TEXT at the end of the current buffer, and do what compilation mode does."
  (let ((inhibit-read-only t)
        ;; Behind text that is inserted there, unlike that of `save-excursion'.
        (before (copy-marker (point) t))
        (compilation-filter-start (copy-marker (point-max))))
    (save-restriction
      (widen)
      (goto-char (point-max))
      (insert text)
      (cl-incf pipe-rpc-output--new-lines (count-lines compilation-filter-start (point)))
      (ansi-color-apply-on-region compilation-filter-start (point-max))
      (pipe-rpc-text-overwrite compilation-filter-start)
      (pipe-rpc-output--break-lines compilation-filter-start)
      (when (> pipe-rpc-output--new-lines (/ (pipe-rpc-settings-get 'pipe-rpc-scrollback) 10))
        (pipe-rpc-output--truncate))
      (goto-char (point-max))
      (pipe-rpc-events-call #'run-hooks 'compilation-filter-hook)
      (pipe-rpc-events-call #'compilation--ensure-parse (point-max)))
    (goto-char before)
    (set-marker before nil)
    (set-marker compilation-filter-start nil)))

(defun pipe-rpc-output--draw (output text)
  "Draw TEXT, a piece whose turn has come, in OUTPUT."
  (when (pipe-rpc-output-live-p output)
    (pcase-let ((`(,shown . ,held) (pipe-rpc-text-split (concat (pipe-rpc-output-held output) text))))
      (setf (pipe-rpc-output-held output) held)
      (with-current-buffer (pipe-rpc-output-buffer output)
        (pipe-rpc-output--insert shown)))))

(defun pipe-rpc-output--face (failed)
  "The face of the mode line, for a job that has FAILED or not."
  (if failed 'compilation-mode-line-fail 'compilation-mode-line-exit))

(defun pipe-rpc-output--close (output how failed)
  "Nothing more comes for OUTPUT: the job ended as HOW says, and has FAILED or not."
  (with-current-buffer (pipe-rpc-output-buffer output)
    (delete-process (pipe-rpc-output-process output))
    (save-excursion
      (let ((inhibit-read-only t))
        (pipe-rpc-output--truncate))
      (pipe-rpc-events-call #'compilation--ensure-parse (point-max)))
    (setq mode-line-process `((:propertize ,(format ":%s" how) face ,(pipe-rpc-output--face failed))
                              compilation-mode-line-errors))
    (force-mode-line-update)
    (pipe-rpc-events-call #'run-hook-with-args 'compilation-finish-functions (current-buffer) (concat how "\n"))))

(defun pipe-rpc-output-finish (output how failed then)
  "Once all of OUTPUT is drawn, say HOW the job ended, and call THEN.
FAILED says whether that is bad."
  (if (not (pipe-rpc-output-live-p output))
      (funcall then)
    (let ((drawing (pipe-rpc-output-drawing output)))
      (pipe-rpc-drawing-after
       drawing
       (lambda ()
         (when (eq drawing (pipe-rpc-output-drawing output))
           (when (pipe-rpc-output-live-p output)
             (pipe-rpc-output--close output how failed))
           (funcall then)))))))

(provide 'pipe-rpc-output)
;;; pipe-rpc-output.el ends here
