vim9script
# A job: a command, its runs one after the other, and the buffer of the newest run.
#
# State: starting → running → stopping → exited; failed (could not be started) and lost (the server died) end it, too.

import './buffer.vim'
import './config.vim'
import './constants.vim'
import './events.vim'
import './launch.vim'
import './notices.vim'
import './quickfix.vim'
import './reader.vim'
import './server.vim'
import './text.vim'

const METHODS = constants.METHODS

# Since when durations are counted: reltime() is a monotonic clock.
const epoch = reltime()

def Now(): float
  return reltimefloat(reltime(epoch)) * 1000
enddef

# What is to be run, see |pipe_rpc#Run()|.
export def New(number: number, given: dict<any>): dict<any>
  # A rerun means the same files, wherever the editor is then.
  final spec = extend({cwd: getcwd()}, given)
  for path in ['cwd', 'tee']
    if has_key(spec, path)
      spec[path] = fnamemodify(spec[path], ':p')
    endif
  endfor
  final name = get(spec, 'name', get(spec, 'shell', ''))
  return {
    number: number,
    name: empty(name) ? join(spec.argv) : name,
    spec: spec,
    runs: 0,
    state: 'exited',
    session: '',
    output: {},
    attached: false,
    reader: {},
    started_at: 0.0,
    ended_at: 0.0,
    exit: {},
    problem: '',
    quickfix: {},
    again: false,
    stop_asked: -1,
  }
enddef

export def IsActive(self: dict<any>): bool
  return index(['starting', 'running', 'stopping'], self.state) >= 0
enddef

# Whether it ended otherwise than its user wished.
export def HasFailed(self: dict<any>): bool
  if self.state == 'failed' || self.state == 'lost'
    return true
  endif
  return self.state == 'exited' && !empty(self.exit) && self.exit.exitCode != 0 && self.exit.reason != 'request'
enddef

# How long it has run, or did.
export def DurationMs(self: dict<any>): float
  final ended: float = IsActive(self) ? Now() : self.ended_at
  return get(self.exit, 'durationMs', ended - self.started_at) + 0.0
enddef

# How it is, in a few words.
export def Describe(self: dict<any>): string
  if self.state != 'exited' || empty(self.exit)
    return self.state == 'running' && !self.attached ? 'detached' : self.state
  elseif self.exit.reason == 'timeout'
    return 'timed out'
  endif
  return self.exit.signal == v:null ? 'exit ' .. self.exit.exitCode : self.exit.signal
enddef

# What other code may know of it.
export def Facts(self: dict<any>): dict<any>
  return {
    job: self.number,
    name: self.name,
    cwd: self.spec.cwd,
    buffer: self.output.number,
    runs: self.runs,
    state: self.state,
    active: IsActive(self),
    failed: HasFailed(self),
    how: empty(self.problem) ? Describe(self) : self.problem,
    duration_ms: DurationMs(self),
    exit: deepcopy(self.exit),
  }
enddef

# Start it, in a new buffer that takes the place of the last run's.
export def Start(self: dict<any>)
  final last: dict<any> = self.output
  Forget(self, false)
  self.runs += 1
  self.session = printf('vim-%d-%d.%d', getpid(), self.number, self.runs)
  extend(self, {state: 'starting', attached: true, exit: {}, problem: '', stop_asked: -1, started_at: Now()})
  self.output = buffer.New(self)
  if !empty(last)
    buffer.Replace(last, self.output)
  endif
  self.quickfix = quickfix.New(self.number, self.name, self.spec, self.quickfix)
  final session: string = self.session
  self.reader = reader.New(session, (data, missed) => Receive(self, data, missed), () => Finish(self, 'exited'))
  server.Request(METHODS.SPAWN, launch.Params(self), (error, _) => {
    if self.session != session || self.state != 'starting'
      return
    elseif !empty(error)
      Finish(self, 'failed', error.message)
      return
    endif
    self.state = 'running'
    reader.Resume(self.reader)
    events.Started(Facts(self))
    if self.stop_asked >= 0
      Stop(self, self.stop_asked)
    endif
  })
  events.Changed()
enddef

def Receive(self: dict<any>, data: string, missed: number)
  if missed > 0
    buffer.Note(self.output, missed .. ' bytes were not kept')
  endif
  buffer.Append(self.output, data)
  if !empty(self.quickfix)
    quickfix.Feed(self.quickfix, data)
  endif
  if has_key(self.spec, 'on_output')
    events.Call(self.spec.on_output, [data, self.number])
  endif
enddef

# It has exited. It is over once everything that it wrote itself has come.
export def Exited(self: dict<any>, exit: dict<any>)
  if exit.reason == 'shutdown'
    # Nobody here asks for that: somebody else has ended the server.
    Finish(self, 'lost', 'the server was told to end')
    return
  endif
  self.exit = exit
  reader.Drain(self.reader)
enddef

# The server died, and this job with it.
export def Lose(self: dict<any>, how: string)
  if IsActive(self)
    Finish(self, 'lost', 'the server ended ' .. how)
  endif
enddef

def Finish(self: dict<any>, state: string, problem = '')
  self.ended_at = Now()
  extend(self, {state: state, problem: problem, stop_asked: -1})
  final told = empty(problem) ? Describe(self) : state .. ': ' .. problem
  buffer.Note(self.output, printf('%s after %.1f s', told, DurationMs(self) / 1000))
  if !empty(self.quickfix)
    quickfix.Finish(self.quickfix, HasFailed(self))
  endif
  if has_key(self.spec, 'on_exit')
    events.Call(self.spec.on_exit, [self.number])
  endif
  events.Ended(Facts(self))
  if self.again
    self.again = false
    Start(self)
  endif
enddef

# Ask the server something about this job; an error is told to the user.
def Ask(self: dict<any>, method: string, params: dict<any>, Callback: func = (_) => 0)
  if empty(self.session) || self.state == 'failed'
    notices.Complain(printf('the server has no job %d (%s): rerun it', self.number, Describe(self)))
    return
  endif
  server.Request(method, extend({sessionId: self.session}, params), (error, result) => {
    if empty(error)
      call(Callback, [result])
    else
      notices.Complain(printf('job %d: %s', self.number, error.message))
    endif
  })
enddef

# Ask it to end; it is killed when its grace is over. 0 kills it at once. A rerun that waits for its end is withdrawn.
export def Stop(self: dict<any>, grace_ms: number = config.Get().grace_ms)
  self.again = false
  if self.state == 'starting'
    # It may not exist yet; its start is waited for.
    self.stop_asked = grace_ms
    return
  elseif IsActive(self)
    self.state = 'stopping'
    events.Changed()
  endif
  Ask(self, METHODS.TERMINATE, {graceMs: grace_ms})
enddef

# Kill it, and everything that it started, at once.
export def Kill(self: dict<any>)
  Stop(self, 0)
enddef

# Send a signal, such as "SIGINT".
export def Signal(self: dict<any>, name: string)
  Ask(self, METHODS.SIGNAL, {signal: name})
enddef

# Write to its stdin; `close` closes it behind that.
export def Write(self: dict<any>, data: string, close = false)
  Ask(self, METHODS.WRITE, {data: data, close: close})
enddef

# Stop reading its output; it runs on, and the server retains the newest of what it writes.
export def Detach(self: dict<any>)
  if IsActive(self) && self.attached
    self.attached = false
    buffer.Note(self.output, 'detached; :PipeRpc attach shows what it wrote since')
    reader.Leave(self.reader)
    events.Changed()
  else
    notices.Complain(printf('job %d is not attached (%s)', self.number, Describe(self)))
  endif
enddef

# Read its output again, from where detach left it.
export def Attach(self: dict<any>)
  if !empty(self.session) && !self.attached
    self.attached = true
    reader.Resume(self.reader)
    events.Changed()
  else
    final why = self.attached ? 'is attached already' : 'is no more: rerun it'
    notices.Complain(printf('job %d %s', self.number, why))
  endif
enddef

# Run it again; where it still runs, as soon as it has stopped.
export def Rerun(self: dict<any>)
  if IsActive(self)
    Stop(self)
    self.again = true
  else
    Start(self)
  endif
enddef

# Everything that is retained of its output, as text without colours: `Callback(text, missed)`.
export def Text(self: dict<any>, Callback: func)
  reader.Retained((params, Answered) => Ask(self, METHODS.READ, params, Answered), (data, missed) => {
    call(Callback, [text.Plain(data), missed])
  })
enddef

# Let the server forget the last run. What a job left behind on purpose lives on, unless `force` says otherwise.
def Forget(self: dict<any>, force: bool)
  if !empty(self.reader)
    reader.Pause(self.reader)
  endif
  if !empty(self.session) && self.state != 'failed'
    # It may have forgotten it already.
    server.Request(METHODS.REMOVE, {sessionId: self.session, force: force}, (_, _) => 0)
  endif
  self.session = ''
enddef

# Forget it: kill what runs, delete its buffer.
export def Dispose(self: dict<any>)
  Forget(self, true)
  self.state = 'exited'
  if !empty(self.quickfix)
    quickfix.Dispose(self.quickfix)
  endif
  buffer.Replace(self.output)
enddef
