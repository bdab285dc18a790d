vim9script
# The list of all jobs: one line each, kept up to date while it is shown.

import './config.vim'
import './events.vim'
import './job.vim'
import './jobs.vim'
import './keys.vim'

# How often the times of running jobs are counted on.
const TICK_MS = 1000
const NAME = 'pipe-rpc://jobs'
const EMPTY = 'No jobs yet: :PipeRpc run make'
# Where the state stands in a line, for its colour.
const STATE_COLUMN = 6
const STATE_BYTES = 10

const HIGHLIGHTS = {Failed: 'WarningMsg', Running: 'Question', Done: 'Comment'}

var timer = 0

for [name, group] in items(HIGHLIGHTS)
  execute printf('highlight default link PipeRpc%s %s', name, group)
  prop_type_add('PipeRpc' .. name, {highlight: 'PipeRpc' .. name})
endfor

# The number of its buffer, -1 where there is none.
def Buffer(): number
  return bufnr('^' .. NAME .. '$')
enddef

def Time(one: dict<any>): string
  final duration = job.DurationMs(one) / 1000
  final seconds = float2nr(duration)
  return seconds < 60 ? printf('%.1f s', duration) : printf('%d:%02d min', seconds / 60, seconds % 60)
enddef

def Line(one: dict<any>): string
  final name = substitute(one.name, '\n', ' ', 'g')
  return printf('%3d  %-10s %10s  %s', one.number, job.Describe(one), Time(one), name)
enddef

def Highlight(one: dict<any>): string
  return 'PipeRpc' .. (job.IsActive(one) ? 'Running' : job.HasFailed(one) ? 'Failed' : 'Done')
enddef

# Count on while anybody looks and anything runs.
def Tick()
  if timer == 0 && indexof(jobs.All(), (_, one) => job.IsActive(one)) >= 0
    timer = timer_start(TICK_MS, (_) => {
      timer = 0
      Draw()
    })
  endif
enddef

def Draw()
  final buffer = Buffer()
  if buffer < 0 || empty(win_findbuf(buffer))
    return
  endif
  final all = jobs.All()
  final lines = empty(all) ? [EMPTY] : mapnew(all, (_, one) => Line(one))
  setbufvar(buffer, '&modifiable', 1)
  # Lines are overwritten, not deleted, so that cursors stay.
  setbufline(buffer, 1, lines)
  if getbufinfo(buffer)[0].linecount > len(lines)
    deletebufline(buffer, len(lines) + 1, '$')
  endif
  prop_clear(1, len(lines), {bufnr: buffer})
  for index in range(len(all))
    prop_add(index + 1, STATE_COLUMN, {bufnr: buffer, length: STATE_BYTES, type: Highlight(all[index])})
  endfor
  setbufvar(buffer, '&modifiable', 0)
  Tick()
enddef

events.OnChange(Draw)

# Show the list, in the window that has it already, else in a new one below.
export def Open()
  final window = bufwinid(Buffer())
  if window > 0
    win_gotoid(window)
  else
    execute 'botright :' .. config.Get().height .. 'split'
    execute 'silent keepalt hide buffer' bufadd(NAME)
    setlocal buftype=nofile bufhidden=hide noswapfile undolevels=-1 nomodifiable nobuflisted
    setlocal cursorline nonumber norelativenumber nowrap
    if &filetype != keys.LIST_FILETYPE
      &filetype = keys.LIST_FILETYPE
    endif
  endif
  Draw()
enddef
