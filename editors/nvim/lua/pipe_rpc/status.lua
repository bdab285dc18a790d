--- How many jobs run and have failed, for a status line. Costs nothing before the first job.

local M = {}

--- Such as "2 running, 1 failed"; empty where nothing is to be told.
---@return string
function M.get()
  local jobs = package.loaded["pipe_rpc.jobs"]
  if not jobs then
    return ""
  end
  local running, failed = 0, 0
  for _, job in ipairs(jobs.all()) do
    running = running + (job:is_active() and 1 or 0)
    failed = failed + (job:has_failed() and 1 or 0)
  end
  local words = {}
  if running > 0 then
    words[#words + 1] = running .. " running"
  end
  if failed > 0 then
    words[#words + 1] = failed .. " failed"
  end
  return table.concat(words, ", ")
end

return M
