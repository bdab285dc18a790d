vim9script
# Reads the output of a session at the pace of the editor.
#
# Vim reads a channel as fast as the server writes and queues what it has read without bound, so output that is sent
# unasked would fill the memory and keep keys waiting. Output is therefore asked for: one piece at a time, not more
# often than the eye sees. The server retains the newest of a job that is faster; what it overwrites is told as a number
# of bytes.

import './constants.vim'
import './server.vim'

# The most that one piece brings: JSON of that size is decoded in a few milliseconds, in which no key acts.
const PIECE_BYTES = 256 * 1024
# The same at the end of a job, which is waited for; it is what the server allows.
const LAST_PIECE_BYTES = 1024 * 1024
# What the server retains of a job: so much may come at once, faster than it is read, and nothing is lost.
export const BACKLOG_BYTES = 2 * 1024 * 1024
# From one piece to the next, while output comes: Vim is busy with a piece for half as long.
const INTERVAL_MS = 20
# How long the server lets a read wait for output; then it is asked again.
const WAIT_MS = 60000

# A reader from the first byte on. It reads once `Resume` is called. `Output(data, missed)` gets the next piece, and how
# many bytes before it were not kept; `Drained()` is called when everything that the child itself wrote has come.
export def New(session: string, Output: func, Drained: func): dict<any>
  return {
    session: session,
    offset: 0,
    running: false,
    draining: false,
    Output: Output,
    Drained: Drained,
  }
enddef

# Everything that is retained, and how many bytes before it are not. `Ask(params, Answered)` sends a read.
export def Retained(Ask: func, Callback: func)
  var pieces: list<string> = []
  var [missed, length] = [0, 0]
  def Next(from: number)
    call(Ask, [{stream: 'stdout', fromOffset: from, maxBytes: PIECE_BYTES}, (result) => {
      add(pieces, result.data)
      missed += result.missedBytes
      length += result.length
      # A job that floods writes faster than is read here.
      if result.length == 0 || length >= BACKLOG_BYTES
        call(Callback, [join(pieces, ''), missed])
      else
        Next(result.nextOffset)
      endif
    }])
  enddef
  Next(0)
enddef

def Read(self: dict<any>)
  final from: number = self.offset
  server.Request(constants.METHODS.READ, {
    sessionId: self.session,
    stream: 'stdout',
    fromOffset: from,
    maxBytes: self.draining ? LAST_PIECE_BYTES : PIECE_BYTES,
    waitMs: self.draining ? 0 : WAIT_MS,
  }, (error, result) => {
    # Two reads may be under way when the job ends or is attached again: the first answer counts, and goes on.
    if self.running && self.offset == from && empty(error)
      Take(self, result)
    endif
  })
enddef

def Take(self: dict<any>, result: dict<any>)
  self.offset = result.nextOffset
  final came = result.length > 0 || result.missedBytes > 0
  if came
    call(self.Output, [result.data, result.missedBytes])
  endif
  if self.draining && (result.ended || !came)
    self.draining = false
    call(self.Drained, [])
  endif
  if result.ended
    self.running = false
  elseif came && !self.draining
    timer_start(INTERVAL_MS, (_) => ReadOn(self, result.nextOffset))
  else
    ReadOn(self, result.nextOffset)
  endif
enddef

# Unless another read has done so.
def ReadOn(self: dict<any>, offset: number)
  if self.running && self.offset == offset
    Read(self)
  endif
enddef

# Read on, from where it stopped.
export def Resume(self: dict<any>)
  if !self.running
    self.running = true
    Read(self)
  endif
enddef

# Read no more; what is under way is read again later.
export def Pause(self: dict<any>)
  self.running = false
enddef

# The same, where `Drained` is still to be called: what is left is read again later and not waited for.
export def Leave(self: dict<any>)
  Pause(self)
  if self.draining
    self.draining = false
    call(self.Drained, [])
  endif
enddef

# The child has exited: `Drained` is called once all that it wrote has been read. A process that it left behind may
# write on; that is read, too, and not waited for.
export def Drain(self: dict<any>)
  if self.running
    self.draining = true
    Read(self)
  else
    call(self.Drained, [])
  endif
enddef
