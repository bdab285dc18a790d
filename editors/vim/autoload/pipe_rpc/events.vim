vim9script
# What the rest of the editor hears of jobs: `User` autocommands, notices, and that something changed.

import './config.vim'
import './notices.vim'

var listeners: list<func> = []
var scheduled = false

# `Listener` is called whenever a job has changed its state; several changes in one turn of the loop are one call.
export def OnChange(Listener: func)
  add(listeners, Listener)
enddef

# Something changed that lists and status lines show.
export def Changed()
  if scheduled
    return
  endif
  scheduled = true
  timer_start(0, (_) => {
    scheduled = false
    for Listener in listeners
      call(Listener, [])
    endfor
    redrawstatus!
  })
enddef

def Announce(pattern: string, facts: dict<any>)
  g:pipe_rpc_event = facts
  Call((_) => {
    execute 'doautocmd <nomodeline> User' pattern
  }, [0])
enddef

def Nothing()
enddef

# Where nobody listens, Vim would say so.
augroup pipe_rpc_events
  autocmd!
  autocmd User PipeRpcJobStart,PipeRpcJobExit Nothing()
augroup END

# `facts` are what the autocommand finds in `g:pipe_rpc_event`.
export def Started(facts: dict<any>)
  Changed()
  Announce('PipeRpcJobStart', facts)
enddef

# The same, with `failed`, `how` it ended and its `duration_ms`.
export def Ended(facts: dict<any>)
  Changed()
  final settings = config.Get().notify
  final told = printf('%s: %s after %.1f s', facts.name, facts.how, facts.duration_ms / 1000.0)
  # That the server died is told once, and not for each job.
  if facts.failed && settings.failed && facts.state != 'lost'
    notices.Complain(told)
  elseif !facts.failed && facts.duration_ms >= settings.longer_than_ms
    notices.Inform(told)
  endif
  Announce('PipeRpcJobExit', facts)
enddef

# Call what the user gave; an error of theirs stops nothing of ours.
export def Call(Hook: func, arguments: list<any>)
  try
    call(Hook, arguments)
  catch
    notices.Complain(v:exception)
  endtry
enddef
