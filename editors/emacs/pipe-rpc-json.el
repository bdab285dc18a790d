;;; pipe-rpc-json.el --- JSON as the wire has it  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; JSON is read and written as plists and vectors.  An empty object is nil, null is :null, false is :json-false.

;;; Code:

(require 'subr-x)

(defun pipe-rpc-json-encode (value)
  "VALUE as JSON in UTF-8.  Signals an error where text in it is not Unicode."
  (encode-coding-string (json-serialize value :null-object :null :false-object :json-false) 'utf-8-unix))

(defconst pipe-rpc-json--stand-in #xfdd0
  "No character, by Unicode, that stands for NUL.
Emacs 28 and 29 refuse NUL in JSON.")

(defun pipe-rpc-json--hide-nul (json)
  "JSON with the stand-in for each NUL."
  (let ((stand-in (format "\\u%04x" pipe-rpc-json--stand-in)))
    (if (string-search "\\\\u0000" json)
        (replace-regexp-in-string "\\\\\\(?:u0000\\|.\\)"
                                  (lambda (escape) (if (equal escape "\\u0000") stand-in escape))
                                  json t t)
      (string-replace "\\u0000" stand-in json))))

(defun pipe-rpc-json--show-nul (value)
  "VALUE with NUL for each stand-in."
  (cond
   ((stringp value) (string-replace (string pipe-rpc-json--stand-in) "\0" value))
   ((consp value) (mapcar #'pipe-rpc-json--show-nul value))
   ((vectorp value) (vconcat (mapcar #'pipe-rpc-json--show-nul value)))
   (t value)))

(defun pipe-rpc-json--parse (json)
  "The value of JSON."
  (json-parse-string json :object-type 'plist :null-object :null :false-object :json-false))

(defun pipe-rpc-json-decode (bytes)
  "The value of BYTES, which are JSON in UTF-8."
  (let ((json (decode-coding-string bytes 'utf-8-unix)))
    (if (string-search "\\u0000" json)
        (pipe-rpc-json--show-nul (pipe-rpc-json--parse (pipe-rpc-json--hide-nul json)))
      (pipe-rpc-json--parse json))))

(provide 'pipe-rpc-json)
;;; pipe-rpc-json.el ends here
