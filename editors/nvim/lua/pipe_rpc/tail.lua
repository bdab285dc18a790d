--- The newest of what came, and no more of it than is wanted.

local M = {}

---@class pipe_rpc.Tail
---@field private pieces {data: string, lines: integer}[]
---@field private first integer
---@field private last integer
---@field private bytes integer
---@field private lines integer
---@field private max_bytes integer
---@field private max_lines number
local Tail = {}
Tail.__index = Tail

--- An empty one, which keeps at most `max_bytes` and `max_lines`, give or take a piece.
---@param max_bytes integer
---@param max_lines? integer
---@return pipe_rpc.Tail
function M.new(max_bytes, max_lines)
  local limits = { max_bytes = max_bytes, max_lines = max_lines or math.huge }
  return setmetatable(vim.tbl_extend("error", limits, { pieces = {}, first = 1, last = 0, bytes = 0, lines = 0 }), Tail)
end

---@private
---@return string
function Tail:shift()
  local piece = self.pieces[self.first]
  self.pieces[self.first] = nil
  self.first = self.first + 1
  self.bytes, self.lines = self.bytes - #piece.data, self.lines - piece.lines
  return piece.data
end

---@private
---@param at integer
---@param data string
function Tail:put(at, data)
  local lines = self.max_lines < math.huge and select(2, data:gsub("\n", "\n")) or 0
  self.pieces[at] = { data = data, lines = lines }
  self.bytes, self.lines = self.bytes + #data, self.lines + lines
end

--- Add what came; the oldest goes where that is too much.
---@param data string
function Tail:push(data)
  self.last = self.last + 1
  self:put(self.last, data)
  while self.first < self.last do
    local oldest = self.pieces[self.first]
    if self.bytes - #oldest.data < self.max_bytes and self.lines - oldest.lines < self.max_lines then
      return
    end
    self:shift()
  end
end

---@return boolean
function Tail:is_empty()
  return self.first > self.last
end

--- Take the oldest bytes, up to `most` of them.
---@param most integer
---@return string
function Tail:pop(most)
  local data = self:shift()
  if #data > most then
    self.first = self.first - 1
    self:put(self.first, data:sub(most + 1))
    data = data:sub(1, most)
  end
  return data
end

--- Take all of it.
---@return string
function Tail:take()
  local all = {}
  while not self:is_empty() do
    all[#all + 1] = self:shift()
  end
  return table.concat(all)
end

return M
