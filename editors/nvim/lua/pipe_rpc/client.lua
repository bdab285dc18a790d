--- One connection to a server: requests that are always answered, notifications, and the end.
---
--- `vim.lsp.rpc` is used below `vim.lsp.start`, so that what stops or restarts language servers leaves jobs alone. It
--- forgets requests when a server dies; here each of them gets an error then.

local constants = require("pipe_rpc.constants")
local text = require("pipe_rpc.text")

local M = {}

---@class pipe_rpc.Error
---@field message string A sentence for a person.
---@field kind string A name of the table of errors, or "ServerGone".
---@field code? integer
---@field data? table

---@alias pipe_rpc.Callback fun(err: pipe_rpc.Error?, result: any)

---@class pipe_rpc.ClientHandlers
---@field notification fun(method: string, params: table)
---@field ended fun(how: string) The server is gone; every request that waited has its error by then.

---@class pipe_rpc.Client
---@field private rpc vim.lsp.rpc.PublicClient
---@field private waiting table<integer, pipe_rpc.Callback>
---@field private count integer
---@field private over boolean
local Client = {}
Client.__index = Client

--- How a process ended, in words.
---@param code integer
---@param signal integer
---@return string
local function ending(code, signal)
  return signal ~= 0 and ("by signal %d"):format(signal) or ("with status %d"):format(code)
end

---@param raw table An error as the wire has it.
---@return pipe_rpc.Error
local function readable(raw)
  local data = type(raw.data) == "table" and raw.data or {}
  local message = raw.message or "the server answered an error without a message"
  local kind = data.kind or constants.KINDS[raw.code] or "UnknownError"
  return { message = message, kind = kind, code = raw.code, data = data }
end

--- Start a server. Returns nil and a sentence where the process cannot be started.
---@param cmd string[]
---@param handlers pipe_rpc.ClientHandlers
---@return pipe_rpc.Client? client
---@return string? problem
function M.start(cmd, handlers)
  ---@type pipe_rpc.Client
  local self = setmetatable({ waiting = {}, count = 0, over = false }, Client)
  local dispatchers = {
    notification = function(method, params)
      if not self.over then
        handlers.notification(method, params)
      end
    end,
    -- A server that asks for something gets an answer, whatever it is.
    server_request = function(method)
      local lsp = vim.lsp.rpc
      return nil, lsp.rpc_response_error(vim.lsp.protocol.ErrorCodes.MethodNotFound, "no such method: " .. method)
    end,
    on_error = function(_, problem)
      vim.notify("pipe-rpc: the server said what is no message: " .. vim.inspect(problem), vim.log.levels.ERROR)
    end,
    on_exit = vim.schedule_wrap(function(code, signal)
      self:fail(ending(code, signal))
      handlers.ended(ending(code, signal))
    end),
  }
  local ok, rpc = pcall(vim.lsp.rpc.start, cmd, dispatchers)
  if not ok or not rpc then
    return nil, ("%s could not be started: %s"):format(cmd[1], tostring(rpc))
  end
  self.rpc = rpc
  return self
end

--- Send a request. `callback` is called exactly once, from the main loop.
---@param method string
---@param params? table
---@param callback pipe_rpc.Callback
function Client:request(method, params, callback)
  -- The server could not tell which request such bytes belong to, so it would stay without an answer.
  if params and not text.is_utf8(vim.json.encode(params)) then
    local problem = "names, arguments and text must be UTF-8, and these are not"
    return vim.schedule(function()
      callback({ message = problem, kind = "InvalidText" })
    end)
  end
  self.count = self.count + 1
  local number = self.count
  self.waiting[number] = callback
  local sent, accepted = pcall(self.rpc.request, method, params, function(err, result)
    if self.waiting[number] then
      self.waiting[number] = nil
      callback(err and readable(err) or nil, result)
    end
  end)
  if not (sent and accepted) then
    vim.schedule(function()
      if self.waiting[number] then
        self.waiting[number] = nil
        callback({ message = "the server is gone; it is started again at the next use", kind = "ServerGone" })
      end
    end)
  end
end

---@param method string
---@param params table
function Client:notify(method, params)
  pcall(self.rpc.notify, method, params)
end

---@private
---@param how string
function Client:fail(how)
  self.over = true
  local waiting = self.waiting
  self.waiting = {}
  for _, callback in pairs(waiting) do
    callback({ message = "the server ended " .. how .. " before it answered", kind = "ServerGone" })
  end
end

--- End a server that does not answer. SIGTERM lets it end in order, too.
function Client:terminate()
  pcall(self.rpc.terminate)
end

return M
