vim9script
# Draws output as a terminal does, line by line: bytes in, lines and spans of colour out.
#
# Pure: it knows no buffer. `\r`, backspace, erasing within a line and moving the cursor within it are drawn; what moves
# it to other lines is left out. Sequences and characters that are cut in two between pieces are put together again.

import './sgr.vim'

# A line that is longer is ended, as a terminal ends it at its width: Vim draws very long lines slowly.
const MAX_LINE_BYTES = 8192
# An escape sequence that is longer is none.
const MAX_SEQUENCE_BYTES = 4096

const CSI = '^\e\[\([0-?]*\)[ -/]*\([@-~]\)'
const OSC = '^\e\][^\x07\e]*\%(\%x07\|\e\\\)'
const OTHER = '^\e[ -/]*[0-Z\\^-~]'
# What begins a sequence and does not end it.
const UNFINISHED = '^\e\%(\[[0-?]*[ -/]*\|\][^\x07\e]*\e\?\|[ -/]*\)$'

# The line at the end: `line` and `spans` while all is written at its end, as [column, bytes, look]; once something is
# overwritten, a cell for each character. `column` is the cell that is written next, -1 behind the last.
export def New(): dict<any>
  return {rest: '', line: '', spans: [], cells: [], looks: [], column: -1, look: ''}
enddef

# Draw `data`. Returns lines as [text, spans]: the first replaces the line at the end, the last is the new one.
export def Feed(self: dict<any>, data: string): list<list<any>>
  final all = self.rest .. data
  final whole = Whole(all)
  self.rest = strpart(all, whole)
  var drawn: list<list<any>> = []
  final pieces = split(strpart(all, 0, whole), "\n", true)
  for index in range(len(pieces))
    if index > 0
      EndLine(self, drawn)
    endif
    Draw(self, pieces[index], drawn)
  endfor
  add(drawn, Rendered(self))
  return drawn
enddef

# How many bytes of it are no beginning of a sequence or of a character.
def Whole(all: string): number
  final escape = strridx(all, "\e")
  if escape >= 0 && len(all) - escape < MAX_SEQUENCE_BYTES && strpart(all, escape) =~ UNFINISHED
    # An ESC may end an OSC that began before.
    final before = escape > 0 && strpart(all, escape) == "\e" ? strridx(all, "\e", escape - 1) : -1
    return before >= 0 && strpart(all, before) =~ UNFINISHED ? before : escape
  endif
  final size = len(all)
  for back in range(1, min([3, size]))
    final byte = char2nr(strpart(all, size - back, 1), false)
    final lead = and(byte, 0xc0)
    if lead == 0xc0
      final needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
      return needed > back ? size - back : size
    elseif lead != 0x80
      break
    endif
  endfor
  return size
enddef

def EndLine(self: dict<any>, drawn: list<list<any>>)
  add(drawn, Rendered(self))
  self.line = ''
  self.spans = []
  self.cells = []
  self.looks = []
  self.column = -1
enddef

def Draw(self: dict<any>, piece: string, drawn: list<list<any>>)
  var at = 0
  if stridx(piece, "\e") < 0 && stridx(piece, "\r") < 0 && stridx(piece, "\b") < 0 && stridx(piece, "\x07") < 0
    Write(self, piece, drawn)
    return
  endif
  while at < len(piece)
    final control = match(piece, "[\e\r\b\x07]", at)
    if control != at
      final end = control < 0 ? len(piece) : control
      Write(self, strpart(piece, at, end - at), drawn)
      at = end
      continue
    endif
    final sign = strpart(piece, at, 1)
    if sign == "\e"
      at += Obey(self, strpart(piece, at, MAX_SEQUENCE_BYTES))
      continue
    elseif sign == "\r"
      self.column = empty(self.line) && empty(self.cells) ? -1 : 0
    elseif sign == "\b"
      Cells(self)
      self.column = max([0, self.column - 1])
    endif
    at += 1
  endwhile
enddef

# Do what the escape sequence says that `text` begins with. Returns how many bytes it has.
def Obey(self: dict<any>, text: string): number
  final sequence = matchlist(text, CSI)
  if empty(sequence)
    final other = matchstr(text, OSC)
    return max([1, len(empty(other) ? matchstr(text, OTHER) : other)])
  endif
  final [all, parameters, final; _] = sequence
  if final == 'm'
    # Private ones (`ESC [ > 4 m`) are about keys.
    self.look = parameters =~ '^[<=>?]' ? self.look : sgr.Change(self.look, parameters)
  elseif final == 'K'
    Erase(self, str2nr(parameters))
  elseif index(['C', 'D', 'G'], final) >= 0
    Move(self, final, max([1, str2nr(parameters)]))
  endif
  return len(all)
enddef

def Write(self: dict<any>, text: string, drawn: list<list<any>>)
  if empty(text)
    return
  elseif self.column < 0
    final column = len(self.line) + 1
    final last: list<any> = get(self.spans, -1, [0, 0, ''])
    if !empty(self.look) && last[2] == self.look && last[0] + last[1] == column
      last[1] += len(text)
    elseif !empty(self.look)
      add(self.spans, [column, len(text), self.look])
    endif
    self.line ..= text
    if len(self.line) > MAX_LINE_BYTES
      EndLine(self, drawn)
    endif
    return
  endif
  Cells(self)
  final missing = self.column - len(self.cells)
  if missing > 0
    extend(self.cells, repeat([' '], missing))
    extend(self.looks, repeat([''], missing))
  endif
  for character in split(text, '\zs')
    if self.column < len(self.cells)
      self.cells[self.column] = character
      self.looks[self.column] = self.look
    else
      add(self.cells, character)
      add(self.looks, self.look)
    endif
    self.column += 1
  endfor
  if len(self.cells) > MAX_LINE_BYTES
    EndLine(self, drawn)
  endif
enddef

# From now on this line has a cell for each character.
def Cells(self: dict<any>)
  if !empty(self.cells) || empty(self.line)
    self.column = self.column < 0 ? len(self.cells) : self.column
    return
  endif
  self.cells = split(self.line, '\zs')
  self.looks = repeat([''], len(self.cells))
  for [column, bytes, look] in self.spans
    final first = charidx(self.line, column - 1)
    final next = charidx(self.line .. ' ', column - 1 + bytes)
    for cell in range(first, next - 1)
      self.looks[cell] = look
    endfor
  endfor
  self.column = self.column < 0 ? len(self.cells) : self.column
  self.line = ''
  self.spans = []
enddef

def Erase(self: dict<any>, what: number)
  Cells(self)
  if what == 0
    if self.column < len(self.cells)
      remove(self.cells, self.column, -1)
      remove(self.looks, self.column, -1)
    endif
    return
  endif
  final end = what == 1 ? min([self.column + 1, len(self.cells)]) : len(self.cells)
  for cell in range(end)
    self.cells[cell] = ' '
    self.looks[cell] = ''
  endfor
  if what == 2
    self.cells = []
    self.looks = []
  endif
enddef

def Move(self: dict<any>, how: string, by: number)
  Cells(self)
  final to = how == 'G' ? by - 1 : how == 'C' ? self.column + by : self.column - by
  self.column = max([0, min([to, MAX_LINE_BYTES])])
enddef

# The line at the end, as text and spans.
def Rendered(self: dict<any>): list<any>
  if empty(self.cells)
    return [self.line, deepcopy(self.spans)]
  endif
  var spans: list<any> = []
  var column = 1
  var last = ''
  for index in range(len(self.cells))
    final bytes = len(self.cells[index])
    final look: string = self.looks[index]
    if !empty(look) && look == last
      spans[-1][1] += bytes
    elseif !empty(look)
      add(spans, [column, bytes, look])
    endif
    last = look
    column += bytes
  endfor
  return [join(self.cells, ''), spans]
enddef
