vim9script
# The newest of what came, and no more of it than is wanted.

# An empty one, which keeps at most `max_bytes` and `max_lines`, give or take a piece.
export def New(max_bytes: number, max_lines: number): dict<any>
  return {pieces: [], bytes: 0, lines: 0, max_bytes: max_bytes, max_lines: max_lines}
enddef

def Shift(self: dict<any>): string
  final piece: list<any> = remove(self.pieces, 0)
  self.bytes -= len(piece[0])
  self.lines -= piece[1]
  return piece[0]
enddef

def Put(self: dict<any>, data: string, at: number)
  final lines = count(data, "\n")
  insert(self.pieces, [data, lines], at)
  self.bytes += len(data)
  self.lines += lines
enddef

# Add what came; the oldest goes where that is too much.
export def Push(self: dict<any>, data: string)
  Put(self, data, len(self.pieces))
  while len(self.pieces) > 1
    final oldest: list<any> = self.pieces[0]
    if self.bytes - len(oldest[0]) < self.max_bytes && self.lines - oldest[1] < self.max_lines
      return
    endif
    Shift(self)
  endwhile
enddef

export def IsEmpty(self: dict<any>): bool
  return empty(self.pieces)
enddef

# Take the oldest bytes, up to `most` of them.
export def Pop(self: dict<any>, most: number): string
  final data = Shift(self)
  if len(data) <= most
    return data
  endif
  Put(self, strpart(data, most), 0)
  return strpart(data, 0, most)
enddef

# Put back what was taken last.
export def Unpop(self: dict<any>, data: string)
  Put(self, data, 0)
enddef
