vim9script
# What the user is told, without ever asking for a key: a message that is too long for its line would.

# How long a notice that does not fit into the line of messages stays.
const POPUP_MS = 6000
# The last that are kept, for `:PipeRpc health`.
const MAX_KEPT = 50

var kept: list<string> = []

# The last notices, oldest first.
export def All(): list<string>
  return kept
enddef

# Tell the user why something was not done, and what to do.
export def Complain(message: string)
  Tell(message, 'ErrorMsg')
enddef

export def Warn(message: string)
  Tell(message, 'WarningMsg')
enddef

export def Inform(message: string)
  Tell(message, 'None')
enddef

def Tell(message: string, highlight: string)
  final told = 'pipe-rpc: ' .. substitute(message, '\n', ' ', 'g')
  add(kept, told)
  if len(kept) > MAX_KEPT
    remove(kept, 0)
  endif
  # What 'showcmd' and 'ruler' leave of the line.
  final room = &columns - 30
  final typing = mode() =~ '^[cr]'
  if typing || strdisplaywidth(told) > room
    popup_notification(told, {
      time: POPUP_MS,
      highlight: highlight == 'None' ? 'Pmenu' : highlight,
      maxwidth: &columns - 8,
    })
  endif
  # In the line of commands it would lie over what is typed.
  if !typing
    execute 'echohl' highlight
    echomsg strdisplaywidth(told) > room ? strcharpart(told, 0, room - 1) .. '…' : told
    echohl None
  endif
enddef
