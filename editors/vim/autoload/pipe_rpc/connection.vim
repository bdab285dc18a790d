vim9script
# One connection to a server: requests that are always answered, notifications, and the end.
#
# Frames and JSON are read and written here, over a channel in raw mode. The mode "lsp" of channels writes six digits of
# a Float, says nothing of output that is no message, cannot answer requests whose id is a string, and forgets requests
# when a server dies; here each of them gets an error then.

import './constants.vim'
import './json.vim'

# A header longer than this is none.
const MAX_HEADER_BYTES = 8192
# How long the output of a server that has exited may stay open: a child of it may hold it.
const DRAIN_MS = 500
# How often is asked whether a server that closed its output has ended: Vim itself asks seldom.
const REAP_MS = 20
# What is kept of what it says on stderr.
const MAX_STDERR_LINES = 100

const METHOD_NOT_FOUND = -32601

# Handlers: `Said(message)` is told every notification and request of the server, and errors that answer nothing;
# `Ended(how)` that it is gone, when every request that waited has its error. `problem` of the result is a sentence
# where the process cannot be started.
export def Start(cmd: list<string>, handlers: dict<func>): dict<any>
  var self: dict<any> = {
    handlers: handlers,
    waiting: {},
    count: 0,
    parts: [],
    bytes: 0,
    expected: -1,
    stderr: [],
    closed: false,
    deaf: false,
    exited: false,
    over: false,
    problem: '',
  }
  self.job = job_start(cmd, {
    in_mode: 'raw',
    out_mode: 'raw',
    err_mode: 'nl',
    noblock: 1,
    out_cb: (_, data) => Receive(self, data),
    err_cb: (_, line) => Log(self, line),
    close_cb: (_) => Closed(self),
    exit_cb: (_, _) => Exited(self),
  })
  if job_status(self.job) == 'fail'
    self.over = true
    self.problem = cmd[0] .. ' could not be started'
  endif
  return self
enddef

def Log(self: dict<any>, line: string)
  add(self.stderr, line)
  if len(self.stderr) > MAX_STDERR_LINES
    remove(self.stderr, 0)
  endif
enddef

# Send a request, and return its id. `Callback` is called exactly once, later, with an error, or an empty one and the
# result. The error has `message`, a sentence for a person, `kind`, and where the server answered it `code` and `data`.
export def Request(self: dict<any>, method: string, params: any, Callback: func): number
  self.count += 1
  final id = self.count
  self.waiting[id] = Callback
  final problem = Send(self, Message({id: id, method: method}, params))
  if !empty(problem)
    timer_start(0, (_) => Answer(self, id, problem, v:null))
  elseif self.deaf
    # It is about to end, and how it ends is the answer.
    timer_start(DRAIN_MS, (_) => Terminate(self))
  endif
  return id
enddef

# `params` is left out where it is v:none.
export def Notify(self: dict<any>, method: string, params: any)
  Send(self, Message({method: method}, params))
enddef

def Message(message: dict<any>, params: any): dict<any>
  return IsNone(params) ? message : extend(message, {params: params})
enddef

# Returns an error where it was not sent. A server that reads no more is `deaf`.
def Send(self: dict<any>, message: dict<any>): dict<any>
  if self.over
    return {message: 'the server is gone; it is started again at the next use', kind: 'ServerGone'}
  endif
  try
    final body = json.Encode(extend({jsonrpc: '2.0'}, message))
    ch_sendraw(self.job, printf("Content-Length: %d\r\n\r\n%s", len(body), body))
  catch /^pipe-rpc: /
    return {message: substitute(v:exception, '^pipe-rpc: ', '', ''), kind: 'InvalidText'}
  catch /^Vim\%((\a\+)\)\=:E\%(630\|631\|906\)/
    self.deaf = true
  endtry
  return {}
enddef

def IsNone(value: any): bool
  return type(value) == v:t_none && string(value) == 'v:none'
enddef

def Answer(self: dict<any>, id: number, error: dict<any>, result: any)
  if has_key(self.waiting, id)
    final Callback = remove(self.waiting, id)
    call(Callback, [error, result])
  endif
enddef

def Receive(self: dict<any>, data: string)
  add(self.parts, data)
  self.bytes += len(data)
  while !self.over && (self.expected >= 0 || ReadHeader(self)) && self.bytes >= self.expected
    final all = join(self.parts, '')
    final body = strpart(all, 0, self.expected)
    Keep(self, strpart(all, self.expected))
    self.expected = -1
    Read(self, body)
  endwhile
enddef

def Keep(self: dict<any>, rest: string)
  self.parts = empty(rest) ? [] : [rest]
  self.bytes = len(rest)
enddef

# Whether there is a whole header; it is taken, and the length of the body is known then.
def ReadHeader(self: dict<any>): bool
  final all = join(self.parts, '')
  final end = stridx(all, "\r\n\r\n")
  if end < 0 && len(all) <= MAX_HEADER_BYTES
    Keep(self, all)
    return false
  endif
  final length = matchstr(strpart(all, 0, max([end, 0])), '\c\%(^\|\r\n\)content-length:\s*\zs\d\+')
  if empty(length)
    Refuse(self, all)
    return false
  endif
  self.expected = str2nr(length)
  Keep(self, strpart(all, end + 4))
  return true
enddef

# What is no frame may be anything, and so may what follows it.
def Refuse(self: dict<any>, said: string)
  Keep(self, '')
  Log(self, said)
  Finish(self, 'because it said what is no message: ' .. strcharpart(strtrans(said), 0, 60))
  job_stop(self.job)
enddef

def IsMessage(message: any): bool
  return type(message) == v:t_dict && type(get(message, 'method', '')) == v:t_string
    && type(get(message, 'params', {})) == v:t_dict && type(get(message, 'error', {})) == v:t_dict
enddef

def Read(self: dict<any>, body: string)
  var message: any
  try
    message = json_decode(body)
  catch
    message = v:null
  endtry
  if !IsMessage(message)
    Refuse(self, body)
    return
  endif
  if has_key(message, 'method')
    if has_key(message, 'id')
      # A server that asks for something gets an answer, whatever it is.
      final error = {code: METHOD_NOT_FOUND, message: 'no such method: ' .. message.method}
      Send(self, {id: message.id, error: error})
    endif
    self.handlers.Said(message)
  elseif type(get(message, 'id')) == v:t_number && has_key(self.waiting, message.id)
    final error = has_key(message, 'error') ? Readable(message.error) : {}
    Answer(self, message.id, error, get(message, 'result', v:null))
  elseif has_key(message, 'error')
    self.handlers.Said(message)
  endif
enddef

def Readable(raw: dict<any>): dict<any>
  final data: dict<any> = type(get(raw, 'data')) == v:t_dict ? raw.data : {}
  final kind = get(data, 'kind', get(constants.KINDS, string(get(raw, 'code')), 'UnknownError'))
  return extend({message: 'the server answered an error without a message', kind: kind}, raw)
enddef

# Its output has ended. Whether it has exited is asked until it has.
def Closed(self: dict<any>)
  self.closed = true
  Settle(self)
enddef

def Exited(self: dict<any>)
  self.exited = true
  Settle(self)
enddef

def Settle(self: dict<any>)
  if self.over
    return
  elseif !self.exited
    # Asking makes Vim call exit_cb.
    timer_start(REAP_MS, (_) => {
      if job_status(self.job) == 'run'
        Settle(self)
      endif
    })
  elseif self.closed
    End(self)
  else
    timer_start(DRAIN_MS, (_) => End(self))
  endif
enddef

def End(self: dict<any>)
  final info = job_info(self.job)
  if empty(info.termsig)
    Finish(self, 'with status ' .. info.exitval)
  else
    Finish(self, 'by SIG' .. toupper(info.termsig))
  endif
enddef

def Finish(self: dict<any>, how: string)
  if self.over
    return
  endif
  self.over = true
  final error = {message: 'the server ended ' .. how .. ' before it answered', kind: 'ServerGone'}
  for id in keys(self.waiting)
    Answer(self, str2nr(id), error, v:null)
  endfor
  self.handlers.Ended(how)
enddef

# Close its stdin: it ends in order.
export def Close(self: dict<any>)
  ch_close_in(self.job)
enddef

# End a server that does not answer. SIGTERM lets it end in order, too.
export def Terminate(self: dict<any>)
  job_stop(self.job)
enddef
