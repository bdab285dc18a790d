;;; pipe-rpc-settings.el --- What users may set  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; A setting that is wrong is told once, and its default holds: a typing mistake breaks nothing else.

;;; Code:

(require 'cl-lib)
(require 'wid-edit)

(defgroup pipe-rpc nil
  "Background jobs that cannot freeze the editor."
  :group 'processes
  :prefix "pipe-rpc-")

(defcustom pipe-rpc-command nil
  "The server and its arguments, such as (\"pipe-rpc\" \"--stdio\").
If nil, it is looked for: as `pipe-rpc' in the variable `exec-path', as a
module of `python3', and by `uvx'."
  :type '(choice (const :tag "Look for it" nil) (repeat string)))

(defun pipe-rpc-settings--positive-p (value)
  "Whether VALUE is a number above zero."
  (and (numberp value) (> value 0)))

(defun pipe-rpc-settings--natural-p (value)
  "Whether VALUE is a number and not below zero."
  (and (numberp value) (>= value 0)))

(defun pipe-rpc-settings--count-p (value)
  "Whether VALUE is a whole number above zero."
  (and (integerp value) (> value 0)))

(defcustom pipe-rpc-start-timeout 30
  "Seconds that the server may take to answer first.
`uvx' may have to download it."
  :type '(restricted-sexp :tag "Seconds above 0" :match-alternatives (pipe-rpc-settings--positive-p)))

(defcustom pipe-rpc-grace 2
  "Seconds from the soft stop of a job to the hard one."
  :type '(restricted-sexp :tag "Seconds" :match-alternatives (pipe-rpc-settings--natural-p)))

(defcustom pipe-rpc-color t
  "Whether programs are told by the environment that colors are welcome."
  :type 'boolean)

(defcustom pipe-rpc-environment nil
  "Laid over the environment of every job: strings as in `process-environment'."
  :type '(repeat (string :tag "NAME=VALUE")))

(defcustom pipe-rpc-scrollback 10000
  "Lines kept of each job in its buffer."
  :type '(restricted-sexp :tag "Lines above 0" :match-alternatives (pipe-rpc-settings--count-p)))

(defcustom pipe-rpc-show t
  "Whether the output of a new job is shown; `display-buffer-alist' says where."
  :type 'boolean)

(defcustom pipe-rpc-notify-failures t
  "Whether every job that failed is told in the echo area."
  :type 'boolean)

(defcustom pipe-rpc-notify-after 10
  "Seconds after which the end of a job is told even if it succeeded."
  :type '(restricted-sexp :tag "Seconds" :match-alternatives (pipe-rpc-settings--natural-p)))

(defcustom pipe-rpc-show-status t
  "Whether `global-mode-string' counts jobs, from the first job on."
  :type 'boolean)

(defcustom pipe-rpc-start-functions nil
  "Functions that are called with a job once it runs."
  :type 'hook)

(defcustom pipe-rpc-exit-functions nil
  "Functions that are called with a job when it is over."
  :type 'hook)

(defun pipe-rpc-settings-all ()
  "The symbols of all settings."
  (sort (cl-loop for (symbol kind) in (get 'pipe-rpc 'custom-group)
                 if (eq kind 'custom-variable) collect symbol)
        #'string<))

(defun pipe-rpc-settings--fits (setting)
  "Whether the value of SETTING is of its type."
  (let ((type (get setting 'custom-type)))
    (or (eq type 'hook)
        (widget-apply (widget-convert type) :match (symbol-value setting)))))

(defun pipe-rpc-settings-problems ()
  "What is wrong with the settings, a sentence each."
  (cl-loop for setting in (pipe-rpc-settings-all)
           unless (pipe-rpc-settings--fits setting)
           collect (format "%s must not be %S: see C-h v %s" setting (symbol-value setting) setting)))

(defvar pipe-rpc-settings--told nil
  "The problems that were told already.")

(defun pipe-rpc-settings-get (setting)
  "The value of SETTING; its default where the value is wrong, which is told once."
  (if (pipe-rpc-settings--fits setting)
      (symbol-value setting)
    (dolist (problem (pipe-rpc-settings-problems))
      (unless (member problem pipe-rpc-settings--told)
        (push problem pipe-rpc-settings--told)
        (message "pipe-rpc: %s" (substitute-command-keys problem))))
    (eval (car (get setting 'standard-value)) t)))

(provide 'pipe-rpc-settings)
;;; pipe-rpc-settings.el ends here
