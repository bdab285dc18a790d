--- What the server is told when a job starts.

local config = require("pipe_rpc.config")
local reader = require("pipe_rpc.reader")
local server = require("pipe_rpc.server")
local text = require("pipe_rpc.text")

local M = {}

---@class pipe_rpc.Spec
---@field argv? string[] The program and its arguments. This, or `shell`.
---@field shell? string A line for 'shell'.
---@field cwd? string Default: the current directory.
---@field env? table<string, string|false> Laid over the settings' `env`; false removes a name.
---@field name? string What to show for it.
---@field tee? string A file that gets every byte as well.
---@field timeout_ms? integer Then it is stopped.
---@field compiler? string Its 'errorformat' is used, as by |:compiler|.
---@field errorformat? string What fills the quickfix list.
---@field matcher? pipe_rpc.Matcher The same, as a problem matcher of VS Code's.
---@field open? "split"|"vsplit"|"tab"|"current"|"none"
---@field on_output? fun(data: string, job: pipe_rpc.Job)
---@field on_exit? fun(job: pipe_rpc.Job)

--- What differs from the server's own environment, which jobs inherit: what the editor was told since, say by a direnv,
--- what the settings say, and what the job wants.
---@param spec pipe_rpc.Spec
---@return table
local function environment(spec)
  local settings = config.get()
  local wanted = vim.fn.environ()
  if settings.color and not wanted.NO_COLOR then
    wanted = vim.tbl_extend("keep", wanted, { FORCE_COLOR = "1", CLICOLOR_FORCE = "1" })
  end
  wanted = vim.tbl_extend("force", wanted, settings.env, spec.env or {})
  local inherited, changes = server.environment(), vim.empty_dict()
  for name, value in pairs(wanted) do
    if value == false then
      changes[name] = vim.NIL
    elseif inherited[name] ~= value and text.is_utf8(value) then
      changes[name] = value
    end
  end
  for name in pairs(inherited) do
    if wanted[name] == nil then
      changes[name] = vim.NIL
    end
  end
  return changes
end

---@param spec pipe_rpc.Spec
---@return string[]
local function argv(spec)
  if spec.argv then
    return spec.argv
  end
  local words = vim.split(vim.o.shell .. " " .. vim.o.shellcmdflag, "%s+", { trimempty = true })
  words[#words + 1] = spec.shell
  return words
end

--- The params of `session/spawn`. No stream is attached: output is asked for, see `reader`.
---@param job pipe_rpc.Job
---@return pipe_rpc.wire.SpawnParams
function M.params(job)
  local spec = job.spec
  return {
    sessionId = job.session,
    argv = argv(spec),
    command = job.name,
    cwd = spec.cwd,
    env = environment(spec),
    mergeStderr = true,
    attach = {},
    backlogBytes = reader.BACKLOG_BYTES,
    timeoutMs = spec.timeout_ms,
    graceMs = config.get().grace_ms,
    tee = spec.tee and { stdout = { path = vim.fn.fnamemodify(spec.tee, ":p") } } or nil,
  }
end

return M
