vim9script
# Errors in the output of a job: a quickfix list that fills while the job runs, and signs.
#
# Lines are parsed a few times a second, however fast they come; of a flood the newest are.

import './config.vim'
import './matcher.vim'
import './notices.vim'
import './signs.vim'
import './tail.vim'
import './text.vim'

# How long output is collected before it is parsed: soon enough for the eye, and messages of several lines stay whole.
const INTERVAL_MS = 200
# Lines parsed at once: an 'errorformat' of many patterns takes 50 µs for each line, in which no key acts.
const SLICE_LINES = 100
# The pause behind them, and how much longer than the parsing it is at least: three quarters of the time are left.
const PAUSE_MS = 20
const PAUSES = 3
# What waits to be parsed at most. Older output of a flood is not parsed.
const MAX_BYTES = 4 * 1024 * 1024
const MAX_LINES = 20000
# Taken from that at once.
const PIECE_BYTES = 16 * 1024
# Entries that a list may have; nobody reads more.
const MAX_ENTRIES = 10000

# What parses the output of a job that starts, or an empty one where nothing is to be found in it. The list of its last
# run is emptied and used again.
export def New(job: number, title: string, spec: dict<any>, last: dict<any>): dict<any>
  final group = 'pipe-rpc-job-' .. job
  signs.Clear(group)
  final found = matcher.Of(spec, config.Get().quickfix.errorformat)
  if !empty(found.problem)
    notices.Complain(found.problem)
  endif
  if type(found.Parse) != v:t_func
    return {}
  endif
  var self: dict<any> = {
    group: group,
    cwd: spec.cwd,
    Parse: found.Parse,
    list: get(last, 'list', 0),
    pending: tail.New(MAX_BYTES, MAX_LINES),
    lines: [],
    rest: '',
    entries: 0,
    scheduled: false,
    finishing: false,
    failed: false,
    over: false,
  }
  if !empty(last)
    last.over = true
  endif
  if IsThere(self)
    setqflist([], 'r', {id: self.list, items: [], title: title})
  else
    setqflist([], ' ', {title: title, nr: '$'})
    self.list = getqflist({nr: '$', id: 0}).id
  endif
  return self
enddef

# Whether the list is one of the ten that Vim keeps.
def IsThere(self: dict<any>): bool
  return self.list > 0 && getqflist({id: self.list}).id == self.list
enddef

# The next piece of output.
export def Feed(self: dict<any>, data: string)
  tail.Push(self.pending, data)
  Schedule(self, INTERVAL_MS)
enddef

def Schedule(self: dict<any>, delay_ms: number)
  if self.scheduled
    return
  endif
  self.scheduled = true
  timer_start(delay_ms, (_) => {
    self.scheduled = false
    if self.over
      return
    endif
    final start = reltime()
    Add(self, NextLines(self))
    if !empty(self.lines) || !tail.IsEmpty(self.pending)
      Schedule(self, max([PAUSE_MS, float2nr(reltimefloat(reltime(start)) * 1000 * PAUSES)]))
    elseif self.finishing
      Done(self)
    endif
  })
enddef

# Whole lines, as many as are parsed at once.
def NextLines(self: dict<any>): list<string>
  while len(self.lines) < SLICE_LINES && !tail.IsEmpty(self.pending)
    var lines = split(self.rest .. tail.Pop(self.pending, PIECE_BYTES), "\n", true)
    self.rest = remove(lines, -1)
    extend(self.lines, lines)
  endwhile
  if self.finishing && !empty(self.rest) && tail.IsEmpty(self.pending)
    add(self.lines, self.rest)
    self.rest = ''
  endif
  if empty(self.lines)
    return []
  endif
  final taken = remove(self.lines, 0, min([SLICE_LINES, len(self.lines)]) - 1)
  return mapnew(taken, (_, line) => text.Plain(line))
enddef

# Run `Action` where names of files are meant as in `directory`.
def Inside(directory: string, Action: func)
  final [ignored, before] = [&eventignore, getcwd()]
  if fnamemodify(directory, ':p') == fnamemodify(before, ':p')
    call(Action, [])
    return
  endif
  set eventignore=all
  try
    chdir(directory)
    call(Action, [])
  finally
    chdir(before)
    &eventignore = ignored
  endtry
enddef

def Add(self: dict<any>, lines: list<string>)
  if empty(lines) || !IsThere(self) || self.entries >= MAX_ENTRIES
    return
  endif
  Inside(self.cwd, () => {
    # What no pattern knows is in the output buffer; here it would bury what can be jumped to.
    var items: list<dict<any>> = call(self.Parse, [lines])
    filter(items, (_, item) => item.valid != 0)
    if len(items) > MAX_ENTRIES - self.entries
      items = items[0 : MAX_ENTRIES - self.entries - 1]
    endif
    if empty(items)
      return
    endif
    setqflist([], 'a', {id: self.list, items: items})
    if config.Get().quickfix.diagnostics
      signs.Place(self.group, getqflist({id: self.list, items: 0}).items[self.entries : ])
    endif
    self.entries += len(items)
  })
enddef

# The job has ended: parse what is left.
export def Finish(self: dict<any>, failed: bool)
  self.finishing = true
  self.failed = failed
  Schedule(self, 0)
enddef

# Say that the list is complete, as |:make| does.
def Done(self: dict<any>)
  self.finishing = false
  try
    doautocmd <nomodeline> QuickFixCmdPost pipe-rpc
  catch
    notices.Complain(v:exception)
  endtry
  if config.Get().quickfix.open && self.entries > 0 && self.failed
    final window = win_getid()
    execute 'botright copen'
    win_gotoid(window)
  endif
enddef

def Nothing()
enddef

# Where nobody listens, Vim would say so.
augroup pipe_rpc_quickfix
  autocmd!
  autocmd QuickFixCmdPost pipe-rpc Nothing()
augroup END

# Forget what was shown in the text of files.
export def Dispose(self: dict<any>)
  self.over = true
  signs.Clear(self.group)
enddef
