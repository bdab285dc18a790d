--- The settings: defaults, what the user said, and what is wrong with it.
---
--- `vim.g.pipe_rpc` is read at first use, `setup()` is laid over it; both are optional. A setting that is wrong is told
--- once and its default holds, so that a typing mistake in a config breaks nothing else.

local M = {}

---@class pipe_rpc.Settings
---@field cmd? string[] The server and its arguments. Default: looked for, see |pipe-rpc-server|.
---@field start_timeout_ms integer How long the server may take to answer first; `uvx` may have to download it.
---@field grace_ms integer From the soft stop to the hard one.
---@field color boolean Tell programs by FORCE_COLOR and CLICOLOR_FORCE that colours are welcome.
---@field env table<string, string> Laid over the editor's environment for every job.
---@field scrollback integer Lines kept of each job in its buffer; Neovim allows up to 100000.
---@field open "split"|"vsplit"|"tab"|"current"|"none" Where the output of a new job is shown.
---@field height integer Lines of the windows that a split makes.
---@field notify pipe_rpc.NotifySettings When the end of a job is told.
---@field quickfix pipe_rpc.QuickfixSettings What becomes of the messages of compilers.

---@class pipe_rpc.NotifySettings
---@field failed boolean Tell every job that failed.
---@field longer_than_ms integer Tell also those that succeeded after so long.

---@class pipe_rpc.QuickfixSettings
---@field errorformat? string For jobs that name neither a compiler nor an errorformat. Default: none is parsed.
---@field open boolean Open the quickfix window when a job failed and has entries.
---@field diagnostics boolean Show entries as diagnostics, too.

---@type pipe_rpc.Settings
local DEFAULTS = {
  cmd = nil,
  start_timeout_ms = 30000,
  grace_ms = 2000,
  color = true,
  env = {},
  scrollback = 10000,
  open = "split",
  height = 12,
  notify = { failed = true, longer_than_ms = 10000 },
  quickfix = { errorformat = nil, open = false, diagnostics = true },
}

local WHOLE = "a whole number of at least "

local function whole(least, most)
  return function(value)
    local fits = type(value) == "number" and value % 1 == 0 and value >= least and value <= (most or math.huge)
    return fits, WHOLE .. least .. (most and (" and at most " .. most) or "")
  end
end

local function of_type(name)
  return function(value)
    return type(value) == name, "a " .. name
  end
end

local function words(value)
  local fits = type(value) == "table" and #value > 0
  for _, word in ipairs(fits and value or {}) do
    fits = fits and type(word) == "string"
  end
  return fits, 'a list of strings such as { "pipe-rpc", "--stdio" }'
end

local function names_to_strings(value)
  local fits = type(value) == "table"
  for name, text in pairs(fits and value or {}) do
    fits = fits and type(name) == "string" and type(text) == "string"
  end
  return fits, 'a table of strings such as { CARGO_TERM_COLOR = "always" }'
end

M.PLACES = { "split", "vsplit", "tab", "current", "none" }

local function place(value)
  return vim.tbl_contains(M.PLACES, value), "one of " .. table.concat(M.PLACES, ", ")
end

local CHECKS = {
  cmd = words,
  start_timeout_ms = whole(1),
  grace_ms = whole(0),
  color = of_type("boolean"),
  env = names_to_strings,
  scrollback = whole(1, 100000),
  open = place,
  height = whole(1),
  notify = { failed = of_type("boolean"), longer_than_ms = whole(0) },
  quickfix = { errorformat = of_type("string"), open = of_type("boolean"), diagnostics = of_type("boolean") },
}

local function lay(over, given, checks, path, problems)
  for name, value in pairs(given) do
    local check, where = checks[name], path .. tostring(name)
    if check == nil then
      local known = vim.tbl_keys(checks)
      table.sort(known)
      problems[#problems + 1] = ("%s is no setting; there are %s"):format(where, table.concat(known, ", "))
    elseif type(check) == "table" then
      if type(value) == "table" then
        lay(over[name], value, check, where .. ".", problems)
      else
        problems[#problems + 1] = where .. " must be a table"
      end
    else
      local fits, expected = check(value)
      if fits then
        over[name] = value
      else
        problems[#problems + 1] = ("%s must be %s, and is %s"):format(where, expected, vim.inspect(value))
      end
    end
  end
end

---@type pipe_rpc.Settings?
local settings
---@type table
local laid_over = {}
---@type string[]
local problems = {}

local function settle()
  settings, problems = vim.deepcopy(DEFAULTS), {}
  for _, given in ipairs({ vim.g.pipe_rpc or {}, laid_over }) do
    if type(given) == "table" then
      lay(settings, given, CHECKS, "", problems)
    else
      problems[#problems + 1] = "the settings must be a table, and are " .. vim.inspect(given)
    end
  end
  if #problems > 0 then
    vim.notify("pipe-rpc: " .. table.concat(problems, "\npipe-rpc: "), vim.log.levels.WARN)
  end
end

--- The settings in force.
---@return pipe_rpc.Settings
function M.get()
  if not settings then
    settle()
  end
  return settings --[[@as pipe_rpc.Settings]]
end

--- Lay `given` over `vim.g.pipe_rpc`; a second call replaces the first.
---@param given? table
function M.set(given)
  laid_over = given or {}
  settle()
end

--- What is wrong with what the user said, a sentence each.
---@return string[]
function M.problems()
  M.get()
  return problems
end

return M
