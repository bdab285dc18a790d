--- A job: a command, its runs one after the other, and the buffer of the newest run.
---
--- State: starting → running → stopping → exited; failed (could not be started) and lost (the server died) end it, too.

local buffer = require("pipe_rpc.buffer")
local config = require("pipe_rpc.config")
local constants = require("pipe_rpc.constants")
local events = require("pipe_rpc.events")
local launch = require("pipe_rpc.launch")
local reader = require("pipe_rpc.reader")
local server = require("pipe_rpc.server")
local text = require("pipe_rpc.text")

local M = {}

local METHODS = constants.METHODS

---@alias pipe_rpc.State "starting"|"running"|"stopping"|"exited"|"failed"|"lost"

---@class pipe_rpc.Job
---@field number integer
---@field name string
---@field spec pipe_rpc.Spec
---@field runs integer
---@field state pipe_rpc.State
---@field session? string
---@field output pipe_rpc.Output
---@field attached boolean Whether its output is read.
---@field reader pipe_rpc.Reader
---@field started_at number Milliseconds, on a monotonic clock.
---@field ended_at? number
---@field exit? pipe_rpc.wire.ExitedParams
---@field problem? string Why it could not be started.
---@field private quickfix? pipe_rpc.Quickfix
---@field private again boolean Start it once more when it has ended.
---@field private stop_asked? integer The grace of a stop that came before it had started.
local Job = {}
Job.__index = Job

local function now()
  return vim.uv.hrtime() / 1e6
end

---@param number integer
---@param spec pipe_rpc.Spec
---@return pipe_rpc.Job
function M.new(number, spec)
  spec = vim.tbl_extend("force", spec, { cwd = vim.fn.fnamemodify(spec.cwd or vim.fn.getcwd(), ":p") })
  local name = spec.name or spec.shell or table.concat(spec.argv, " ")
  return setmetatable({ number = number, name = name, spec = spec, runs = 0, state = "exited", again = false }, Job)
end

---@return boolean
function Job:is_active()
  return self.state == "starting" or self.state == "running" or self.state == "stopping"
end

--- Whether it ended otherwise than its user wished.
---@return boolean
function Job:has_failed()
  if self.state == "failed" or self.state == "lost" then
    return true
  end
  local exit = self.exit
  return self.state == "exited" and exit ~= nil and exit.exitCode ~= 0 and exit.reason ~= "request"
end

--- How long it has run, or did.
---@return number milliseconds
function Job:duration_ms()
  return self.exit and self.exit.durationMs or (self.ended_at or now()) - self.started_at
end

--- How it is, in a few words.
---@return string
function Job:describe()
  if self.state ~= "exited" or not self.exit then
    return self.state == "running" and not self.attached and "detached" or self.state
  end
  if self.exit.reason == "timeout" then
    return "timed out"
  end
  return self.exit.signal or ("exit %d"):format(self.exit.exitCode)
end

--- Start it, in a new buffer that takes the place of the last run's.
function Job:start()
  local last = self.output
  self:forget()
  self.runs = self.runs + 1
  self.session = ("nvim-%d-%d.%d"):format(vim.uv.os_getpid(), self.number, self.runs)
  self.state, self.attached, self.exit, self.problem = "starting", true, nil, nil
  self.started_at, self.ended_at = now(), nil
  self.output = buffer.new(self)
  if last then
    last:replace(self.output)
  end
  self.quickfix = require("pipe_rpc.quickfix").new(self, self.quickfix)
  local session = self.session
  self.reader = reader.new(session, {
    output = function(data, missed)
      self:receive(data, missed)
    end,
    drained = function()
      self:finish("exited")
    end,
  })
  server.request(METHODS.SPAWN, launch.params(self), function(err)
    if self.session ~= session or self.state ~= "starting" then
      return
    end
    if err then
      return self:finish("failed", err.message)
    end
    self.state = "running"
    self.reader:resume()
    events.started(self)
    if self.stop_asked then
      self:stop(self.stop_asked)
    end
  end)
  events.changed()
end

---@private
---@param data string
---@param missed integer
function Job:receive(data, missed)
  if missed > 0 then
    self.output:note(("%d bytes were not kept"):format(missed))
  end
  self.output:append(data)
  if self.quickfix then
    self.quickfix:feed(data)
  end
  events.call(self.spec.on_output, data, self)
end

--- It has exited. It is over once everything that it wrote itself has come.
---@param exit pipe_rpc.wire.ExitedParams
function Job:exited(exit)
  if exit.reason == "shutdown" then
    -- Nobody here asks for that: somebody else has ended the server.
    return self:finish("lost", "the server was told to end")
  end
  self.exit = exit
  self.reader:drain()
end

--- The server died, and this job with it.
---@param how string
function Job:lose(how)
  if self:is_active() then
    self:finish("lost", "the server ended " .. how)
  end
end

---@private
---@param state "exited"|"failed"|"lost"
---@param problem? string
function Job:finish(state, problem)
  self.state, self.problem, self.ended_at, self.stop_asked = state, problem, now(), nil
  local told = problem and ("%s: %s"):format(state, problem) or self:describe()
  self.output:note(("%s after %.1f s"):format(told, self:duration_ms() / 1000))
  if self.quickfix then
    self.quickfix:finish()
  end
  events.call(self.spec.on_exit, self)
  events.ended(self)
  if self.again then
    self.again = false
    self:start()
  end
end

--- Ask the server something about this job; an error is told to the user.
---@private
---@param method string
---@param params table
---@param callback? fun(result: table)
function Job:ask(method, params, callback)
  if not self.session or self.state == "failed" then
    return events.complain(("the server has no job %d (%s): rerun it"):format(self.number, self:describe()))
  end
  params.sessionId = self.session
  server.request(method, params, function(err, result)
    if err then
      events.complain(("job %d: %s"):format(self.number, err.message))
    elseif callback then
      callback(result)
    end
  end)
end

--- Ask it to end; it is killed when its grace is over. A rerun that waits for its end is withdrawn.
---@param grace_ms? integer 0 kills it at once. Default: the setting `grace_ms`.
function Job:stop(grace_ms)
  self.again = false
  grace_ms = grace_ms or config.get().grace_ms
  if self.state == "starting" then
    -- It may not exist yet; its start is waited for.
    self.stop_asked = grace_ms
    return
  end
  if self:is_active() then
    self.state = "stopping"
    events.changed()
  end
  self:ask(METHODS.TERMINATE, { graceMs = grace_ms })
end

--- Kill it, and everything that it started, at once.
function Job:kill()
  self:stop(0)
end

---@param name string Such as "SIGINT".
function Job:signal(name)
  self:ask(METHODS.SIGNAL, { signal = name })
end

--- Write to its stdin.
---@param data string
---@param close? boolean Close stdin behind it.
function Job:write(data, close)
  self:ask(METHODS.WRITE, { data = data, close = close or false })
end

--- Stop reading its output; it runs on, and the server retains the newest of what it writes.
function Job:detach()
  if self:is_active() and self.attached then
    self.attached = false
    self.output:note("detached; :PipeRpc attach shows what it wrote since")
    self.reader:leave()
    events.changed()
  else
    events.complain(("job %d is not attached (%s)"):format(self.number, self:describe()))
  end
end

--- Read its output again, from where detach left it.
function Job:attach()
  if self.session and not self.attached then
    self.attached = true
    self.reader:resume()
    events.changed()
  else
    local why = self.attached and "is attached already" or "is no more: rerun it"
    events.complain(("job %d %s"):format(self.number, why))
  end
end

--- Run it again; where it still runs, as soon as it has stopped.
function Job:rerun()
  if not self:is_active() then
    return self:start()
  end
  self:stop()
  self.again = true
end

--- Everything that is retained of its output, as text without colours.
---@param callback fun(plain: string, missed: integer)
function Job:text(callback)
  reader.retained(function(params, answered)
    self:ask(METHODS.READ, params, answered)
  end, function(data, missed)
    callback(text.plain(data), missed)
  end)
end

--- Let the server forget the last run. What a job left behind on purpose lives on, unless `force` says otherwise.
---@private
---@param force? boolean
function Job:forget(force)
  if self.reader then
    self.reader:pause()
  end
  if self.session and self.state ~= "failed" then
    -- It may have forgotten it already.
    server.request(METHODS.REMOVE, { sessionId = self.session, force = force or false }, function() end)
  end
  self.session = nil
end

--- Forget it: kill what runs, delete its buffer.
function Job:dispose()
  self:forget(true)
  self.state = "exited"
  if self.quickfix then
    self.quickfix:dispose()
  end
  self.output:replace()
end

return M
