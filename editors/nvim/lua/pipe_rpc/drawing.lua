--- Draws what jobs wrote into their terminals: a little at a time, so that keys act between two pieces of a flood.
---
--- A terminal with a full scrollback takes some microseconds for a line, and a flood brings millions. What waits is
--- therefore cut to what the scrollback can hold: the rest would be gone from it before anybody could see it.

local M = {}

--- How much of each tick may go to drawing, for all jobs together: half of the time is left for everything else.
local BUDGET_NS = 8e6
local TICK_MS = 16
--- Drawn between two looks at the clock.
local SLICE_BYTES = 4096

---@class pipe_rpc.Drawable
---@field waiting pipe_rpc.Tail
---@field draw fun(self: pipe_rpc.Drawable, data: string)

---@type pipe_rpc.Drawable[]
local unfinished = {}
local ticking = false

local function tick()
  local stop = vim.uv.hrtime() + BUDGET_NS
  while #unfinished > 0 and vim.uv.hrtime() < stop do
    local one = table.remove(unfinished, 1)
    one:draw(one.waiting:pop(SLICE_BYTES))
    if not one.waiting:is_empty() then
      unfinished[#unfinished + 1] = one
    end
  end
  ticking = true
  vim.defer_fn(function()
    ticking = false
    if #unfinished > 0 then
      tick()
    end
  end, TICK_MS)
end

--- Draw `data` behind what waits already: now, if nothing has been drawn in this tick.
---@param one pipe_rpc.Drawable
---@param data string
function M.add(one, data)
  local was_empty = one.waiting:is_empty()
  one.waiting:push(data)
  if was_empty then
    unfinished[#unfinished + 1] = one
  end
  if not ticking then
    tick()
  end
end

return M
