vim9script
# The command `:PipeRpc`: its subcommands, their arguments and their completion.

import './actions.vim'
import './api.vim'
import './health.vim'
import './job.vim'
import './jobs.vim'
import './list.vim' as listing
import './notices.vim'
import './typed.vim'

# What each of them takes.
const SUBCOMMANDS = {
  run: 'command',
  shell: 'line',
  list: 'nothing',
  rerun: 'job',
  open: 'job',
  stop: 'job',
  kill: 'job',
  signal: 'signal',
  write: 'text',
  close: 'job',
  attach: 'job',
  detach: 'job',
  log: 'job',
  dispose: 'job',
  health: 'nothing',
}

const EXAMPLES = {argv: 'run make -j2', shell: 'shell make 2>&1 | head'}
const SIGNALS = ['SIGCONT', 'SIGHUP', 'SIGINT', 'SIGSTOP', 'SIGTERM', 'SIGUSR1', 'SIGUSR2']

def Start(text: string, how: string, bang: bool)
  var [spec, rest, problem] = typed.ReadOptions(text)
  if !empty(problem)
    notices.Complain(problem)
  elseif empty(rest)
    notices.Complain('there is no command behind it: write, say, :PipeRpc ' .. EXAMPLES[how])
  else
    spec[how] = how == 'argv' ? typed.Words(rest) : typed.ShellLine(rest)
    api.Run(bang ? extend(spec, {open: 'none'}) : spec)
  endif
enddef

# The job that a subcommand is about; empty, and told, where there is none.
def Meant(name: string, number: number): dict<any>
  final one = number > 0 ? jobs.Get(number) : name == 'rerun' ? jobs.Last() : jobs.Current()
  if empty(one) && number > 0
    notices.Complain(printf('there is no job %d: see :PipeRpc list', number))
  elseif empty(one)
    notices.Complain(printf('there is no job%s: start one by :PipeRpc run', name == 'rerun' ? ' to rerun' : ''))
  endif
  return one
enddef

# Do what `:PipeRpc` says; without a subcommand it shows the list. `count` is 0 or names a job.
export def Run(text: string, count: number, bang: bool)
  final [_, name, rest; _] = matchlist(text, '^\s*\(\S*\)\s*\(.*\)$')
  final takes = get(SUBCOMMANDS, empty(name) ? 'list' : name, '')
  if empty(takes)
    notices.Complain(printf('there is no subcommand %s; there are %s', name, join(sort(keys(SUBCOMMANDS)), ', ')))
  elseif takes == 'command' || takes == 'line'
    Start(rest, takes == 'command' ? 'argv' : 'shell', bang)
  elseif takes == 'nothing'
    call(name == 'health' ? health.Check : listing.Open, [])
  elseif takes == 'job' && rest !~ '^\d*$'
    notices.Complain(printf('%s is no number of a job: see :PipeRpc list', rest))
  else
    final one = Meant(name, takes == 'job' && !empty(rest) ? str2nr(rest) : count)
    if !empty(one)
      Act(name, one, rest)
    endif
  endif
enddef

def Act(name: string, one: dict<any>, rest: string)
  if name == 'signal' && empty(rest)
    notices.Complain('which signal? :PipeRpc signal SIGHUP')
  elseif name == 'signal'
    job.Signal(one, toupper(rest))
  elseif name == 'write' && !empty(rest)
    job.Write(one, rest .. "\n")
  else
    actions.Do(name, one)
  endif
enddef

def BeginningWith(lead: string, candidates: list<string>): list<string>
  return filter(copy(candidates), (_, candidate) => stridx(candidate, lead) == 0)
enddef

def CompleteOption(lead: string): list<string>
  final pair = matchlist(lead, '^++\(\w\+\)=\(.*\)$')
  if empty(pair)
    return BeginningWith(lead, keys(typed.OPTIONS)->sort()->map((_, option) => '++' .. option .. '='))
  endif
  final kind: any = get(typed.OPTIONS, pair[1], '')
  final values = type(kind) == v:t_list ? BeginningWith(pair[2], kind) : empty(kind) ? [] : getcompletion(pair[2], kind)
  return mapnew(values, (_, value) => printf('++%s=%s', pair[1], value))
enddef

# What may follow what was typed so far: `lead` is the word before the cursor, at `cursor` in `line`.
export def Complete(lead: string, line: string, cursor: number): list<string>
  final written = matchstr(strpart(line, 0, cursor), 'PipeRpc!\?\s\+\zs.*$')
  final [_, name, rest; _] = matchlist(written, '^\(\S*\)\(.*\)$')
  if empty(rest)
    return BeginningWith(lead, sort(keys(SUBCOMMANDS)))
  endif
  final takes = get(SUBCOMMANDS, name, '')
  if takes == 'job'
    return BeginningWith(lead, mapnew(jobs.All(), (_, one) => string(one.number)))
  elseif takes == 'signal'
    return BeginningWith(toupper(lead), SIGNALS)
  elseif takes != 'command' && takes != 'line'
    return []
  elseif stridx(lead, '++') == 0
    return CompleteOption(lead)
  endif
  final before = strpart(rest, 0, len(rest) - len(lead))->substitute('++\S\+\s*', '', 'g')
  return getcompletion(lead, empty(trim(before)) ? 'shellcmd' : 'file')
enddef
