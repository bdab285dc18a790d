--- A strategy of overseer.nvim: its tasks run as jobs here, so they can be detached and are stopped softly, then hard.
---
--- `require("overseer").setup({ strategy = "pipe_rpc" })`

---@class overseer.PipeRpcStrategy
---@field private job? pipe_rpc.Job
local Strategy = {}
Strategy.__index = Strategy

---@return overseer.PipeRpcStrategy
function Strategy.new()
  return setmetatable({}, Strategy)
end

--- Forget the last run.
function Strategy:reset()
  if self.job then
    require("pipe_rpc.jobs").dispose(self.job)
    self.job = nil
  end
end

---@return integer?
function Strategy:get_bufnr()
  return self.job and self.job.output:exists() and self.job.output.number or nil
end

--- What overseer wants of an exit: a number. A signal is told as a shell tells it.
---@param job pipe_rpc.Job
---@return integer
local function status(job)
  local exit = job.exit
  if not exit then
    return 1
  end
  return exit.exitCode or 128 + (vim.uv.constants[exit.signal] or 0)
end

---@param task overseer.Task
function Strategy:start(task)
  local command = task.cmd
  local unfinished = ""
  self.job = require("pipe_rpc").run({
    argv = type(command) == "table" and command or nil,
    shell = type(command) == "string" and command or nil,
    cwd = task.cwd,
    env = task.env,
    name = task.name,
    open = "none",
    on_output = function(data)
      -- Both as jobstart() gives them: pieces at line ends, the last one unfinished; and whole lines.
      local pieces = vim.split(data, "\r?\n")
      task:dispatch("on_output", pieces)
      local lines = vim.split(unfinished .. data, "\r?\n")
      unfinished = table.remove(lines)
      if #lines > 0 then
        task:dispatch("on_output_lines", lines)
      end
    end,
    on_exit = function(job)
      if unfinished ~= "" then
        task:dispatch("on_output_lines", { unfinished })
        unfinished = ""
      end
      if vim.v.exiting == vim.NIL and self.job == job then
        task:on_exit(status(job))
      end
    end,
  })
end

--- Softly; what is left after the grace is killed.
function Strategy:stop()
  if self.job and self.job:is_active() then
    self.job:stop()
  end
end

function Strategy:dispose()
  self:reset()
end

return Strategy
