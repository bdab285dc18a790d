--- All jobs of this editor, and which of them a message of the server is about.

local constants = require("pipe_rpc.constants")
local events = require("pipe_rpc.events")
local job = require("pipe_rpc.job")
local server = require("pipe_rpc.server")

local M = {}

---@type table<integer, pipe_rpc.Job>
local jobs = {}
local count = 0

local NAMES = constants.NOTIFICATIONS

---@param session string
---@return pipe_rpc.Job?
local function of_session(session)
  for _, one in pairs(jobs) do
    if one.session == session then
      return one
    end
  end
end

local HANDLERS = {
  [NAMES.EXITED] = function(one, params)
    one:exited(params)
  end,
  [NAMES.TEE_ERROR] = function(one, params)
    events.complain(("job %d: %s: %s"):format(one.number, params.path, params.message))
  end,
}

server.listen({
  notification = function(method, params)
    local handle = HANDLERS[method]
    local one = handle and of_session(params.sessionId)
    if one then
      handle(one, params)
    end
  end,
  lost = function(how)
    local lost = 0
    for _, one in pairs(jobs) do
      one:lose(how)
      lost = lost + (one.session and one.state == "lost" and 1 or 0)
      -- What it retained is gone, also of jobs that had exited.
      one.session = nil
    end
    local of_jobs = lost == 0 and "" or (" and took %d running job%s with it"):format(lost, lost == 1 and "" or "s")
    events.complain(("the server ended %s%s. It is started again at the next use."):format(how, of_jobs))
  end,
})

--- Start a job.
---@param spec pipe_rpc.Spec
---@return pipe_rpc.Job
function M.start(spec)
  count = count + 1
  local one = job.new(count, spec)
  jobs[count] = one
  one:start()
  return one
end

---@param number integer
---@return pipe_rpc.Job?
function M.get(number)
  return jobs[number]
end

--- All of them, oldest first.
---@return pipe_rpc.Job[]
function M.all()
  local all = vim.tbl_values(jobs)
  table.sort(all, function(a, b)
    return a.number < b.number
  end)
  return all
end

--- The job that is meant where none is named: that of the current buffer, else the newest that runs, else the newest.
---@return pipe_rpc.Job?
function M.current()
  local here = jobs[vim.b.pipe_rpc_job or 0]
  if here then
    return here
  end
  local newest
  for _, one in ipairs(M.all()) do
    if not newest or one:is_active() or not newest:is_active() then
      newest = one
    end
  end
  return newest
end

--- Forget a job: kill what runs, delete its buffer.
---@param one pipe_rpc.Job
function M.dispose(one)
  jobs[one.number] = nil
  one:dispose()
  events.changed()
end

return M
