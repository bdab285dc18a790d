--- What the rest of the editor hears of jobs: `User` autocommands, notices, and that something changed.

local config = require("pipe_rpc.config")

local M = {}

---@type fun()[]
local listeners = {}

--- `listener` is called whenever a job has changed its state; several changes in one turn of the loop are one call.
---@param listener fun()
function M.on_change(listener)
  listeners[#listeners + 1] = listener
end

local scheduled = false

--- Something changed that lists and status lines show.
function M.changed()
  if scheduled then
    return
  end
  scheduled = true
  vim.schedule(function()
    scheduled = false
    for _, listener in ipairs(listeners) do
      listener()
    end
    vim.cmd.redrawstatus({ bang = true })
  end)
end

---@param pattern "PipeRpcJobStart"|"PipeRpcJobExit"
---@param job pipe_rpc.Job
local function announce(pattern, job)
  vim.api.nvim_exec_autocmds("User", {
    pattern = pattern,
    modeline = false,
    data = {
      job = job.number,
      name = job.name,
      cwd = job.spec.cwd,
      buffer = job.output.number,
      state = job.state,
      exit = job.exit,
    },
  })
end

---@param job pipe_rpc.Job
function M.started(job)
  M.changed()
  announce("PipeRpcJobStart", job)
end

---@param job pipe_rpc.Job
function M.ended(job)
  M.changed()
  local settings = config.get().notify
  local how = job.problem or job:describe()
  local told = ("pipe-rpc: %s: %s after %.1f s"):format(job.name, how, job:duration_ms() / 1000)
  -- That the server died is told once, and not for each job.
  if job:has_failed() and settings.failed and job.state ~= "lost" then
    vim.notify(told, vim.log.levels.ERROR)
  elseif not job:has_failed() and job:duration_ms() >= settings.longer_than_ms then
    vim.notify(told, vim.log.levels.INFO)
  end
  announce("PipeRpcJobExit", job)
end

--- Tell the user why something was not done, and what to do.
---@param message string
function M.complain(message)
  vim.notify("pipe-rpc: " .. message, vim.log.levels.ERROR)
end

--- Call what the user gave; an error of theirs stops nothing of ours.
---@param hook? fun(...)
---@param ... any
function M.call(hook, ...)
  local ok, problem = pcall(hook or function() end, ...)
  if not ok then
    M.complain(tostring(problem))
  end
end

return M
