vim9script
# What a vimrc or another plugin may do with jobs, by their numbers; see ../pipe_rpc.vim.

import './buffer.vim'
import './config.vim'
import './job.vim'
import './jobs.vim'

def IsArgv(value: any): bool
  return type(value) == v:t_list && !empty(value) && indexof(value, (_, word) => type(word) != v:t_string) < 0
enddef

def IsLine(value: any): bool
  return type(value) == v:t_string && !empty(value)
enddef

# Start a job, show its output, and return its number. A list is an argv, a string a line for the shell.
export def Run(what: any): number
  final kind = type(what)
  final spec: dict<any> = kind == v:t_string ? {shell: what} : kind == v:t_list ? {argv: what} : copy(what)
  if IsArgv(get(spec, 'argv')) == IsLine(get(spec, 'shell'))
    throw 'pipe_rpc#Run() needs either argv, a list of strings, or shell, a string, and none that is empty'
  endif
  final one = jobs.Start(spec)
  final place: string = get(spec, 'open', config.Get().open)
  if place != 'none'
    buffer.Show(one.output, get(spec, 'open', ''), true)
  endif
  return one.number
enddef

def Find(number: number): dict<any>
  final one = jobs.Get(number)
  if empty(one)
    throw printf('pipe-rpc: there is no job %d', number)
  endif
  return one
enddef

# What is known of a job: `job` (its number), `name`, `state`, `active`, `failed`, `exit` and more.
export def Info(number: number): dict<any>
  return job.Facts(Find(number))
enddef

# The same of all jobs, oldest first.
export def Jobs(): list<dict<any>>
  return mapnew(jobs.All(), (_, one) => job.Facts(one))
enddef

# Run a job again.
export def Rerun(number: number)
  job.Rerun(Find(number))
enddef

# Stop a job. It is killed when its grace is over; a negative one is that of the settings, 0 kills it at once.
export def Stop(number: number, grace_ms: number)
  job.Stop(Find(number), grace_ms < 0 ? config.Get().grace_ms : grace_ms)
enddef

# Write to the stdin of a job; `close` closes it behind that.
export def Write(number: number, data: string, close: bool)
  job.Write(Find(number), data, close)
enddef

# For a status line: such as "2 running, 1 failed"; empty where nothing is to be told.
export def Status(): string
  var words: list<string> = []
  final running = len(copy(jobs.All())->filter((_, one) => job.IsActive(one)))
  final failed = len(copy(jobs.All())->filter((_, one) => job.HasFailed(one)))
  if running > 0
    add(words, running .. ' running')
  endif
  if failed > 0
    add(words, failed .. ' failed')
  endif
  return join(words, ', ')
enddef
