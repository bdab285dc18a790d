vim9script
# Draws what jobs wrote into their buffers: a little at a time, so that keys act between two pieces of a flood.
#
# Vim takes some microseconds for a line, and a flood brings millions. What waits is therefore cut to what the buffer
# can hold: the rest would be gone from it before anybody could see it.

import './tail.vim'

# How much of each tick may go to drawing, for all jobs together: half of the time is left for everything else.
const BUDGET_S = 0.008
const TICK_MS = 16
# Drawn between two looks at the clock.
const SLICE_BYTES = 4096

# Dictionaries with `waiting`, a tail, and `Draw(data)`, which returns false where nothing can be drawn now.
var unfinished: list<dict<any>> = []
var ticking = false

def Tick()
  final start = reltime()
  while !empty(unfinished) && reltimefloat(reltime(start)) < BUDGET_S
    final one = remove(unfinished, 0)
    final data = tail.Pop(one.waiting, SLICE_BYTES)
    final drawn: bool = call(one.Draw, [data])
    if !drawn
      tail.Unpop(one.waiting, data)
      insert(unfinished, one)
      break
    elseif !tail.IsEmpty(one.waiting)
      add(unfinished, one)
    endif
  endwhile
  ticking = true
  timer_start(TICK_MS, (_) => {
    ticking = false
    if !empty(unfinished)
      Tick()
    endif
  })
enddef

# Draw `data` behind what waits already: now, if nothing has been drawn in this tick.
export def Add(one: dict<any>, data: string)
  final was_empty = tail.IsEmpty(one.waiting)
  tail.Push(one.waiting, data)
  if was_empty
    add(unfinished, one)
  endif
  if !ticking
    Tick()
  endif
enddef
