--- What keys and commands do with a job.

local events = require("pipe_rpc.events")
local jobs = require("pipe_rpc.jobs")

local M = {}

--- Open its output.
---@param job pipe_rpc.Job
---@param place? "split"|"vsplit"|"tab"|"current"
function M.open(job, place)
  if job.output:exists() then
    job.output:show(place)
  else
    local advice = "the buffer of job %d was wiped out: :PipeRpc log %d shows what is retained"
    events.complain(advice:format(job.number, job.number))
  end
end

--- Ask for a line and write it to its stdin.
---@param job pipe_rpc.Job
function M.ask_and_write(job)
  if not job:is_active() then
    return events.complain(("job %d is over (%s) and reads nothing: rerun it"):format(job.number, job:describe()))
  end
  vim.ui.input({ prompt = ("stdin of %s: "):format(job.name) }, function(line)
    if line then
      job:write(line .. "\n")
    end
  end)
end

--- Stop it softly; a second time, hard.
---@param job pipe_rpc.Job
function M.stop(job)
  if job.state == "stopping" then
    job:kill()
  else
    job:stop()
  end
end

---@param job pipe_rpc.Job
function M.kill(job)
  job:kill()
end

---@param job pipe_rpc.Job
function M.rerun(job)
  job:rerun()
end

--- Detach from its output, or attach again.
---@param job pipe_rpc.Job
function M.toggle(job)
  if job.attached then
    job:detach()
  else
    job:attach()
  end
end

---@param job pipe_rpc.Job
function M.dispose(job)
  jobs.dispose(job)
end

--- Show what is retained of its output in a buffer of its own: whole lines, no colours, to be searched and saved.
---@param job pipe_rpc.Job
function M.log(job)
  job:text(function(text, missed)
    local lines = vim.split(text:gsub("\n$", ""), "\n", { plain = true })
    if missed > 0 then
      table.insert(lines, 1, ("[%d bytes before this were not kept]"):format(missed))
    end
    vim.cmd("botright new")
    vim.bo.buftype, vim.bo.bufhidden, vim.bo.swapfile = "nofile", "wipe", false
    vim.b.pipe_rpc_job = job.number
    vim.api.nvim_buf_set_lines(0, 0, -1, false, lines)
    vim.bo.modified = false
  end)
end

return M
