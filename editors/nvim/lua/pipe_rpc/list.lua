--- The list of all jobs: one line each, kept up to date while it is shown.

local events = require("pipe_rpc.events")
local jobs = require("pipe_rpc.jobs")

local M = {}

--- How often the times of running jobs are counted on.
local TICK_MS = 1000

local HIGHLIGHTS = { failed = "DiagnosticError", running = "DiagnosticInfo", done = "DiagnosticOk" }
local EMPTY = "No jobs yet: :PipeRpc run make"

local namespace = vim.api.nvim_create_namespace("pipe-rpc-list")
---@type integer?
local buffer
---@type uv.uv_timer_t?
local timer

---@return boolean
local function is_shown()
  return buffer ~= nil and vim.api.nvim_buf_is_valid(buffer) and vim.fn.bufwinid(buffer) ~= -1
end

---@param job pipe_rpc.Job
---@return string
local function time(job)
  local seconds = math.floor(job:duration_ms() / 1000)
  return seconds < 60 and ("%.1f s"):format(job:duration_ms() / 1000)
    or ("%d:%02d min"):format(math.floor(seconds / 60), seconds % 60)
end

---@param job pipe_rpc.Job
---@return string
local function line(job)
  return ("%3d  %-10s %10s  %s"):format(job.number, job:describe(), time(job), (job.name:gsub("\n", " ")))
end

---@param job pipe_rpc.Job
---@return string
local function highlight(job)
  return HIGHLIGHTS[job:is_active() and "running" or job:has_failed() and "failed" or "done"]
end

local draw

--- Count on while anybody looks and anything runs.
local function tick()
  local runs = vim.iter(jobs.all()):any(function(job)
    return job:is_active()
  end)
  if timer or not runs then
    return
  end
  timer = vim.defer_fn(function()
    timer = nil
    draw()
  end, TICK_MS)
end

function draw()
  if not is_shown() then
    return
  end
  local all, lines = jobs.all(), {}
  for _, job in ipairs(all) do
    lines[#lines + 1] = line(job)
  end
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, #lines > 0 and lines or { EMPTY })
  vim.bo[buffer].modifiable = false
  vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
  for row, job in ipairs(all) do
    vim.api.nvim_buf_set_extmark(buffer, namespace, row - 1, 5, { end_col = 15, hl_group = highlight(job) })
  end
  tick()
end

--- The job in whose line the cursor of the list is.
---@return pipe_rpc.Job?
function M.chosen()
  return jobs.all()[vim.api.nvim_win_get_cursor(0)[1]]
end

---@param name string
---@param ... any
local function act(name, ...)
  local rest = { ... }
  return function()
    local job = M.chosen()
    if job then
      require("pipe_rpc.actions")[name](job, unpack(rest))
    end
  end
end

--- Leave the list's window for the one that was before it, and open the output there.
local function open_above()
  local job = M.chosen()
  if job then
    vim.cmd("wincmd p")
    require("pipe_rpc.actions").open(job, "current")
  end
end

local function make()
  buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(buffer, "pipe-rpc://jobs")
  vim.bo[buffer].filetype, vim.bo[buffer].bufhidden = "pipe-rpc-list", "hide"
  require("pipe_rpc.keys").set(buffer, "Jobs", "?", {
    { "<CR>", open_above, "open its output in the last window" },
    { "o", act("open", "split"), "open its output below" },
    { "<C-s>", act("open", "split"), "the same" },
    { "<C-v>", act("open", "vsplit"), "open its output beside" },
    { "<C-t>", act("open", "tab"), "open its output in a tab" },
    { "i", act("ask_and_write"), "write a line to its stdin" },
    { "r", act("rerun"), "run it again" },
    { "s", act("stop"), "stop it; again: kill it" },
    { "S", act("kill"), "kill it" },
    { "d", act("dispose"), "kill and forget it" },
    { "D", act("toggle"), "detach from its output, or attach again" },
    { "L", act("log"), "what is retained of its output, as plain text" },
  })
end

events.on_change(function()
  draw()
end)

--- Show the list, in the window that has it already, else in a new one below.
function M.open()
  if not (buffer and vim.api.nvim_buf_is_valid(buffer)) then
    make()
  end
  local window = vim.fn.bufwinid(buffer)
  if window ~= -1 then
    vim.api.nvim_set_current_win(window)
  else
    vim.cmd(("botright %dsplit"):format(require("pipe_rpc.config").get().height))
    vim.api.nvim_win_set_buf(0, buffer)
    vim.wo.cursorline, vim.wo.number, vim.wo.wrap = true, false, false
  end
  draw()
end

return M
