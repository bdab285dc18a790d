--- The command `:PipeRpc`: its subcommands, their arguments and their completion.

local actions = require("pipe_rpc.actions")
local events = require("pipe_rpc.events")
local jobs = require("pipe_rpc.jobs")
local pipe_rpc = require("pipe_rpc")
local typed = require("pipe_rpc.typed")

local M = {}

---@class pipe_rpc.Call
---@field rest string What stands behind the subcommand, as it was typed.
---@field number? integer The job that a count or an argument names.
---@field bang boolean

local WORD = "^%s*(%S+)%s*(.*)$"

---@param call pipe_rpc.Call
---@param as "argv"|"shell"
local function start(call, as)
  local spec, rest = typed.read_options(call.rest)
  if not spec then
    return events.complain(rest)
  elseif rest == "" then
    local examples = { argv = "run make -j2", shell = "shell make 2>&1 | head" }
    return events.complain("there is no command behind it: write, say, :PipeRpc " .. examples[as])
  end
  spec[as] = as == "argv" and typed.words(rest) or typed.shell_line(rest)
  if call.bang then
    spec.open = "none"
  end
  pipe_rpc.run(spec)
end

--- A subcommand that does something with one job.
---@param action fun(job: pipe_rpc.Job, call: pipe_rpc.Call)
local function with_job(action)
  return function(call)
    local job = pipe_rpc.job(call.number)
    if job then
      return action(job, call)
    end
    local named = call.number and ("there is no job %d: see :PipeRpc list"):format(call.number)
    events.complain(named or "there is no job: start one by :PipeRpc run")
  end
end

---@class pipe_rpc.Subcommand
---@field act fun(call: pipe_rpc.Call)
---@field takes "command"|"line"|"text"|"job"|"signal"|"none"

---@type table<string, pipe_rpc.Subcommand>
local SUBCOMMANDS = {
  run = {
    takes = "command",
    act = function(call)
      start(call, "argv")
    end,
  },
  shell = {
    takes = "line",
    act = function(call)
      start(call, "shell")
    end,
  },
  list = { takes = "none", act = pipe_rpc.list },
  rerun = {
    takes = "job",
    act = function(call)
      if call.number then
        return with_job(actions.rerun)(call)
      end
      pipe_rpc.rerun()
    end,
  },
  open = {
    takes = "job",
    act = with_job(function(job)
      actions.open(job)
    end),
  },
  stop = { takes = "job", act = with_job(actions.stop) },
  kill = { takes = "job", act = with_job(actions.kill) },
  signal = {
    takes = "signal",
    act = with_job(function(job, call)
      if call.rest == "" then
        return events.complain("which signal? :PipeRpc signal SIGHUP")
      end
      job:signal(call.rest:upper())
    end),
  },
  write = {
    takes = "text",
    act = with_job(function(job, call)
      if call.rest == "" then
        return actions.ask_and_write(job)
      end
      job:write(call.rest .. "\n")
    end),
  },
  close = {
    takes = "job",
    act = with_job(function(job)
      job:write("", true)
    end),
  },
  attach = {
    takes = "job",
    act = with_job(function(job)
      job:attach()
    end),
  },
  detach = {
    takes = "job",
    act = with_job(function(job)
      job:detach()
    end),
  },
  log = { takes = "job", act = with_job(actions.log) },
  dispose = { takes = "job", act = with_job(actions.dispose) },
  health = {
    takes = "none",
    act = function()
      vim.cmd.checkhealth("pipe_rpc")
    end,
  },
}

---@return string[]
local function names()
  local all = vim.tbl_keys(SUBCOMMANDS)
  table.sort(all)
  return all
end

--- Do what `:PipeRpc` says; without a subcommand it shows the list.
---@param given {args: string, count: integer, bang: boolean}
function M.run(given)
  local name, rest = given.args:match(WORD)
  if not name then
    return pipe_rpc.list()
  end
  local subcommand = SUBCOMMANDS[name]
  if not subcommand then
    return events.complain(("there is no subcommand %s; there are %s"):format(name, table.concat(names(), ", ")))
  end
  ---@type pipe_rpc.Call
  local call = { rest = rest, bang = given.bang, number = given.count > 0 and given.count or nil }
  if subcommand.takes == "job" and rest ~= "" then
    call.number = tonumber(rest)
    if not call.number then
      return events.complain(("%s is no number of a job: see :PipeRpc list"):format(rest))
    end
  end
  subcommand.act(call)
end

---@param lead string
---@param candidates string[]
---@return string[]
local function beginning_with(lead, candidates)
  return vim.tbl_filter(function(candidate)
    return vim.startswith(candidate, lead)
  end, candidates)
end

---@param lead string
---@return string[]
local function complete_option(lead)
  local name, value = lead:match("^%+%+(%w+)=(.*)$")
  if not name then
    local options = vim.tbl_map(function(option)
      return "++" .. option .. "="
    end, vim.tbl_keys(typed.OPTIONS))
    table.sort(options)
    return beginning_with(lead, options)
  end
  local kind = typed.OPTIONS[name]
  local values = {}
  if type(kind) == "table" then
    values = beginning_with(value, kind)
  elseif kind and kind ~= "" then
    values = vim.fn.getcompletion(value, kind)
  end
  return vim.tbl_map(function(found)
    return ("++%s=%s"):format(name, found)
  end, values)
end

--- What may follow what was typed so far.
---@param lead string The word before the cursor.
---@param line string The whole line up to the cursor.
---@return string[]
function M.complete(lead, line)
  local written = line:match("PipeRpc!?%s+(.*)$") or ""
  local name, rest = written:match("^(%S+)%s+(.*)$")
  if not name then
    return beginning_with(lead, names())
  end
  local takes = (SUBCOMMANDS[name] or {}).takes
  if takes == "job" then
    return beginning_with(
      lead,
      vim.tbl_map(function(job)
        return tostring(job.number)
      end, jobs.all())
    )
  elseif takes == "signal" then
    return beginning_with(lead:upper(), { "SIGCONT", "SIGHUP", "SIGINT", "SIGSTOP", "SIGTERM", "SIGUSR1", "SIGUSR2" })
  elseif takes ~= "command" and takes ~= "line" then
    return {}
  elseif vim.startswith(lead, "++") then
    return complete_option(lead)
  end
  local before = rest:sub(1, #rest - #lead):gsub("%+%+%S+%s*", "")
  return vim.fn.getcompletion(lead, before:match("%S") and "file" or "shellcmd")
end

return M
