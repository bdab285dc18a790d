--- Reads the output of a session at the pace of the editor.
---
--- `vim.lsp.rpc` reads a server as fast as it writes and queues what it has read without bound, so output that is sent
--- unasked would fill the memory and keep keys waiting. Output is therefore asked for: one piece at a time, not more
--- often than the eye sees. The server retains the newest of a job that is faster; what it overwrites is told as a
--- number of bytes.

local constants = require("pipe_rpc.constants")
local server = require("pipe_rpc.server")

local M = {}

--- The most that one piece brings: JSON of that size is decoded in a few milliseconds, in which no key acts.
M.PIECE_BYTES = 256 * 1024
--- The same at the end of a job, which is waited for; it is what the server allows.
local LAST_PIECE_BYTES = 1024 * 1024
--- What the server retains of a job: so much may come at once, faster than it is read, and nothing is lost.
M.BACKLOG_BYTES = 2 * 1024 * 1024
--- From one piece to the next, while output comes.
local INTERVAL_MS = 10
--- How long the server lets a read wait for output; then it is asked again.
local WAIT_MS = 60000

---@class pipe_rpc.Reader
---@field offset integer The next byte.
---@field private session string
---@field private handlers pipe_rpc.ReaderHandlers
---@field private running boolean
---@field private draining boolean
local Reader = {}
Reader.__index = Reader

---@class pipe_rpc.ReaderHandlers
---@field output fun(data: string, missed: integer) The next piece, and how many bytes before it were not kept.
---@field drained fun() Everything that the child itself wrote has come.

--- A reader from the first byte on. It reads once `resume` is called.
---@param session string
---@param handlers pipe_rpc.ReaderHandlers
---@return pipe_rpc.Reader
function M.new(session, handlers)
  local new = { session = session, handlers = handlers, offset = 0, running = false, draining = false }
  return setmetatable(new, Reader)
end

--- Everything that is retained, and how many bytes before it are not.
---@param ask fun(params: table, answered: fun(result: pipe_rpc.wire.ReadResult)) Sends a read.
---@param callback fun(data: string, missed: integer)
function M.retained(ask, callback)
  local pieces, missed, length = {}, 0, 0
  local function read(from)
    ask({ stream = "stdout", fromOffset = from, maxBytes = M.PIECE_BYTES }, function(result)
      pieces[#pieces + 1], missed = result.data, missed + result.missedBytes
      length = length + result.length
      -- A job that floods writes faster than is read here.
      if result.length == 0 or length >= M.BACKLOG_BYTES then
        return callback(table.concat(pieces), missed)
      end
      read(result.nextOffset)
    end)
  end
  read(0)
end

---@private
function Reader:read()
  local from = self.offset
  server.request(constants.METHODS.READ, {
    sessionId = self.session,
    stream = "stdout",
    fromOffset = from,
    maxBytes = self.draining and LAST_PIECE_BYTES or M.PIECE_BYTES,
    waitMs = self.draining and 0 or WAIT_MS,
  }, function(err, result)
    -- Two reads may be under way when the job ends or is attached again: the first answer counts, and goes on.
    if self.running and self.offset == from and not err then
      self:take(result)
    end
  end)
end

---@private
---@param result pipe_rpc.wire.ReadResult
function Reader:take(result)
  self.offset = result.nextOffset
  local came = result.length > 0 or result.missedBytes > 0
  if came then
    self.handlers.output(result.data, result.missedBytes)
  end
  if self.draining and (result.ended or not came) then
    self.draining = false
    self.handlers.drained()
  end
  if result.ended then
    self.running = false
  elseif came and not self.draining then
    vim.defer_fn(function()
      self:read_on(result.nextOffset)
    end, INTERVAL_MS)
  else
    self:read_on(result.nextOffset)
  end
end

--- Unless another read has done so.
---@private
---@param offset integer
function Reader:read_on(offset)
  if self.running and self.offset == offset then
    self:read()
  end
end

--- Read on, from where it stopped.
function Reader:resume()
  if not self.running then
    self.running = true
    self:read()
  end
end

--- Read no more; what is under way is read again later.
function Reader:pause()
  self.running = false
end

--- Read no more, and wait for nothing that an exited child wrote.
function Reader:leave()
  self.running = false
  if self.draining then
    self.draining = false
    self.handlers.drained()
  end
end

--- The child has exited: call `drained` once all that it wrote has been read. A process that it left behind may write
--- on; that is read, too, and not waited for.
function Reader:drain()
  if self.running then
    self.draining = true
    self:read()
  else
    self.handlers.drained()
  end
end

return M
