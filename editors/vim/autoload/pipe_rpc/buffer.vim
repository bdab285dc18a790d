vim9script
# The buffer of a job: what it wrote, as a terminal would show it, with colours as text properties.
#
# Its end is followed while the cursor of a window is on its last line, and only then.

import './config.vim'
import './drawing.vim'
import './keys.vim'
import './styles.vim'
import './tail.vim'
import './terminal.vim'

# How much of a command the name of its buffer shows: what a status line has room for.
const NAME_CHARACTERS = 60
const DIM = "\e[2m"
const PLAIN = "\e[0m"
# What waits to be drawn of one job at most, where lines are few and long.
const MAX_WAITING_BYTES = 8 * 1024 * 1024

const OPENERS = {split: 'botright :%dsplit', vsplit: 'vertical botright split', tab: 'tab split', current: ''}

# A new buffer, in no window.
export def New(job: dict<any>): dict<any>
  final name = substitute(job.name, '\n', ' ', 'g')->strcharpart(0, NAME_CHARACTERS)
  var self: dict<any> = {
    number: bufadd(printf('pipe-rpc://%d.%d/%s', job.number, job.runs, name)),
    scrollback: config.Get().scrollback,
    terminal: terminal.New(),
    coloured: false,
    midline: false,
  }
  self.waiting = tail.New(MAX_WAITING_BYTES, self.scrollback + &lines)
  self.Draw = (data) => Draw(self, data)
  setbufvar(self.number, '&buftype', 'nofile')
  setbufvar(self.number, '&swapfile', 0)
  bufload(self.number)
  final options = {bufhidden: 'hide', undolevels: -1, modifiable: 0, textwidth: 0, filetype: keys.OUTPUT_FILETYPE}
  for [option, value] in items(options)
    setbufvar(self.number, '&' .. option, value)
  endfor
  setbufvar(self.number, 'pipe_rpc_job', job.number)
  return self
enddef

# Whether it is still there: the user may have wiped it out.
export def Exists(self: dict<any>): bool
  # One that was deleted and comes back has lost its options: writing to it would be the user's change.
  return bufloaded(self.number) && getbufvar(self.number, '&buftype') == 'nofile'
enddef

# Draw text that a job wrote.
export def Append(self: dict<any>, data: string)
  if !empty(data) && Exists(self)
    self.midline = strpart(data, len(data) - 1) != "\n"
    drawing.Add(self, data)
  endif
enddef

# Say something about the job on a line of its own, unlike what the job says.
export def Note(self: dict<any>, said: string)
  final start = self.midline ? "\r\n" : ''
  Append(self, printf("%s%s%s[%s]%s\r\n", PLAIN, start, DIM, substitute(said, '\n', ' ', 'g'), PLAIN))
enddef

# Whether Vim lets no text change now, see |textlock|: an expression of a mapping may ask the user something.
def IsLocked(buffer: number, line: number): bool
  try
    setbufline(buffer, line, getbufline(buffer, line))
  catch /^Vim\%((\a\+)\)\=:E565/
    return true
  endtry
  return false
enddef

# The next piece, when its turn has come. Returns whether it was taken.
def Draw(self: dict<any>, data: string): bool
  if !Exists(self)
    return true
  endif
  final buffer: number = self.number
  final last = LineCount(buffer)
  setbufvar(buffer, '&modifiable', 1)
  if IsLocked(buffer, last)
    return false
  endif
  final followers = win_findbuf(buffer)->filter((_, window) => line('.', window) == last)
  final drawn = terminal.Feed(self.terminal, data)
  if self.coloured
    prop_clear(last, last, {bufnr: buffer})
  endif
  setbufline(buffer, last, drawn[0][0])
  if len(drawn) > 1
    appendbufline(buffer, last, mapnew(drawn[1 :], (_, one) => one[0]))
  endif
  for index in range(len(drawn))
    for [column, bytes, look] in drawn[index][1]
      final kind = styles.TypeOf(look)
      if !empty(kind)
        prop_add(last + index, column, {bufnr: buffer, length: bytes, type: kind})
      endif
    endfor
  endfor
  self.coloured = !empty(drawn[-1][1])
  final surplus = LineCount(buffer) - self.scrollback
  if surplus > 0
    deletebufline(buffer, 1, surplus)
  endif
  setbufvar(buffer, '&modifiable', 0)
  for window in followers
    Follow(window, LineCount(buffer))
  endfor
  return true
enddef

# How many lines it has.
def LineCount(buffer: number): number
  return getbufinfo(buffer)[0].linecount
enddef

# Put the cursor of a window on its last line, and that to the bottom.
def Follow(window: number, last: number)
  final top = max([1, last - winheight(window) + 1])
  win_execute(window, printf('call winrestview({"lnum": %d, "col": 0, "topline": %d})', last, top))
enddef

# A window of this tab that shows this output, else one that shows that of another job; 0 where there is none.
def Window(self: dict<any>): number
  var panel = 0
  for window in range(1, winnr('$'))
    final shown = winbufnr(window)
    if shown == self.number
      return window
    elseif getbufvar(shown, '&filetype') == keys.OUTPUT_FILETYPE
      panel = window
    endif
  endfor
  return panel
enddef

# Show it, with the cursor at the end, so that it is followed. `place` is one of the setting `open`, or empty: where
# output is shown already, else by the setting. `stay` leaves the cursor in the window where it is.
export def Show(self: dict<any>, place: string, stay: bool)
  final before = win_getid()
  # Not a split for each job: two would have no room.
  final window = empty(place) ? Window(self) : 0
  if window > 0
    execute ':' .. window .. 'wincmd w'
  else
    final settings = config.Get()
    final opener: string = get(OPENERS, empty(place) ? settings.open : place, OPENERS.split)
    if !empty(opener)
      execute stridx(opener, '%d') >= 0 ? printf(opener, settings.height) : opener
    endif
  endif
  execute 'silent keepalt hide buffer' self.number
  Follow(win_getid(), LineCount(self.number))
  if stay
    win_gotoid(before)
  endif
enddef

# Put `other` into every window that shows this one, and delete this one.
export def Replace(self: dict<any>, other: dict<any> = {})
  if !Exists(self)
    return
  elseif !empty(getcmdwintype())
    # No window may change while that one is open, and what happens here does not wait for the user.
    replaced += [[self, other]]
    return
  endif
  for window in empty(other) ? [] : win_findbuf(self.number)
    win_execute(window, 'silent keepalt hide buffer ' .. other.number)
    Follow(window, LineCount(other.number))
  endfor
  execute 'bwipeout!' self.number
enddef

# What takes another's place when the command-line window has been closed.
var replaced: list<list<dict<any>>> = []

def ReplaceLate()
  final pairs = replaced
  replaced = []
  for [one, other] in pairs
    Replace(one, other)
  endfor
enddef

augroup pipe_rpc_buffer
  autocmd!
  autocmd CmdwinLeave * timer_start(0, (_) => ReplaceLate())
augroup END
