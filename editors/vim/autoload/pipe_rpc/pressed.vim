vim9script
# What happens when a key of a list or of an output is pressed.

import './actions.vim'
import './jobs.vim'
import './keys.vim'

def IsList(): bool
  return &filetype == keys.LIST_FILETYPE
enddef

# The job that is meant; empty where there is none.
def Meant(): dict<any>
  return IsList() ? get(jobs.All(), line('.') - 1, {}) : jobs.Get(get(b:, 'pipe_rpc_job', 0))
enddef

def Quit()
  if winnr('$') > 1 || tabpagenr('$') > 1
    close
  else
    enew
  endif
enddef

# Show what the keys of this buffer do. Any of four keys closes it.
def Help()
  final rows = IsList() ? keys.LIST : keys.OUTPUT
  popup_create(mapnew(rows, (_, row) => printf(' %-6s %s ', row[0], row[2])), {
    title: IsList() ? ' Jobs ' : ' Output of a job ',
    border: [],
    pos: 'botleft',
    line: 'cursor-1',
    col: 'cursor',
    mapping: false,
    filter: (popup, key) => {
      if index(['q', "\<Esc>", '?', "\<CR>"], key) >= 0
        popup_close(popup)
        return true
      endif
      return false
    },
  })
enddef

# Do what `action` means here, see keys.vim.
export def Do(action: string)
  if action == 'quit'
    Quit()
  elseif action == 'help'
    Help()
  else
    final one = Meant()
    if empty(one)
      return
    elseif action == 'current'
      # Leave the list's window for the one that was before it.
      wincmd p
    endif
    actions.Do(action, one)
  endif
enddef
