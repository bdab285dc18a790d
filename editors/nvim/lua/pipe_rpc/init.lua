--- Background jobs through a pipe-rpc server: what a config or another plugin may call.
---
--- ```lua
--- local job = require("pipe_rpc").run({ argv = { "make", "-j2" }, compiler = "gcc" })
--- job:stop()
--- ```

local M = {}

--- Settings, see |pipe-rpc-settings|. Calling this is optional, and nothing is started by it.
---@param settings? table
function M.setup(settings)
  require("pipe_rpc.config").set(settings)
end

--- Start a job and show its output.
---@param spec pipe_rpc.Spec|string[]|string A list is an argv, a string a line for the shell.
---@return pipe_rpc.Job
function M.run(spec)
  if type(spec) == "string" then
    spec = { shell = spec }
  elseif vim.islist(spec) then
    spec = { argv = spec }
  end
  local words = spec.argv
  assert(
    (type(words) == "table" and #words > 0) ~= (type(spec.shell) == "string"),
    "pipe_rpc.run needs either argv, a list that is not empty, or shell, a string"
  )
  local job = require("pipe_rpc.jobs").start(spec)
  if (spec.open or require("pipe_rpc.config").get().open) ~= "none" then
    job.output:show(spec.open, true)
  end
  return job
end

--- Run the job again that was started last.
---@return pipe_rpc.Job?
function M.rerun()
  local last
  for _, job in ipairs(M.jobs()) do
    last = (not last or job.started_at >= last.started_at) and job or last
  end
  if last then
    last:rerun()
  else
    require("pipe_rpc.events").complain("there is no job to rerun: start one by :PipeRpc run")
  end
  return last
end

--- Show the list of jobs.
function M.list()
  require("pipe_rpc.list").open()
end

--- All jobs, oldest first.
---@return pipe_rpc.Job[]
function M.jobs()
  return require("pipe_rpc.jobs").all()
end

--- The job of that number, or the one that a command without a number means.
---@param number? integer
---@return pipe_rpc.Job?
function M.job(number)
  local jobs = require("pipe_rpc.jobs")
  if number then
    return jobs.get(number)
  end
  return jobs.current()
end

--- For a status line: such as "2 running, 1 failed".
---@return string
function M.status()
  return require("pipe_rpc.status").get()
end

return M
