vim9script
# All jobs of this editor, and which of them a message of the server is about.

import './constants.vim'
import './events.vim'
import './job.vim'
import './notices.vim'
import './server.vim'

var jobs: list<dict<any>> = []
var count = 0

const NAMES = constants.NOTIFICATIONS

def OfSession(session: string): dict<any>
  final at = indexof(jobs, (_, one) => one.session == session)
  return at < 0 ? {} : jobs[at]
enddef

def Hear(method: string, params: dict<any>)
  final one = has_key(params, 'sessionId') ? OfSession(params.sessionId) : {}
  if empty(one)
    return
  elseif method == NAMES.EXITED
    job.Exited(one, params)
  elseif method == NAMES.TEE_ERROR
    notices.Complain(printf('job %d: %s: %s', one.number, params.path, params.message))
  endif
enddef

def Lose(how: string)
  var lost = 0
  for one in copy(jobs)
    job.Lose(one, how)
    lost += !empty(one.session) && one.state == 'lost' ? 1 : 0
    # What it retained is gone, also of jobs that had exited.
    if !job.IsActive(one)
      one.session = ''
    endif
  endfor
  final of_jobs = lost == 0 ? '' : printf(' and took %d running job%s with it', lost, lost == 1 ? '' : 's')
  notices.Complain(printf('the server ended %s%s. It is started again at the next use.', how, of_jobs))
enddef

server.Listen(Hear, Lose)

# Start a job.
export def Start(spec: dict<any>): dict<any>
  count += 1
  final one = job.New(count, spec)
  add(jobs, one)
  var begun = false
  try
    job.Start(one)
    begun = true
  finally
    if !begun
      # An autocommand of the user's may fail. What never began is not listed.
      filter(jobs, (_, other) => other isnot one)
    endif
  endtry
  return one
enddef

# The job of that number; empty where there is none.
export def Get(number: number): dict<any>
  final at = indexof(jobs, (_, one) => one.number == number)
  return at < 0 ? {} : jobs[at]
enddef

# All of them, oldest first.
export def All(): list<dict<any>>
  return jobs
enddef

# The job that is meant where none is named: that of the current buffer, else the newest that runs, else the newest;
# empty where there is none.
export def Current(): dict<any>
  final here = Get(get(b:, 'pipe_rpc_job', 0))
  if !empty(here)
    return here
  endif
  var newest: dict<any> = {}
  for one in jobs
    if empty(newest) || job.IsActive(one) || !job.IsActive(newest)
      newest = one
    endif
  endfor
  return newest
enddef

# The job that was started last; empty where there is none.
export def Last(): dict<any>
  var last: dict<any> = {}
  for one in jobs
    last = empty(last) || one.started_at >= last.started_at ? one : last
  endfor
  return last
enddef

# Forget a job: kill what runs, delete its buffer.
export def Dispose(one: dict<any>)
  filter(jobs, (_, other) => other isnot one)
  job.Dispose(one)
  events.Changed()
enddef
