--- Reads what is typed behind `:PipeRpc run` and `:PipeRpc shell`: options, words, names that stand for files.

local config = require("pipe_rpc.config")

local M = {}

--- Options of run and shell: what completes their values.
M.OPTIONS = {
  cwd = "dir",
  env = "environment",
  name = "",
  tee = "file",
  timeout = "",
  compiler = "compiler",
  efm = "",
  open = config.PLACES,
}

--- Set what an option asks for. Returns a sentence where it is none.
---@param spec pipe_rpc.Spec
---@param name string
---@param value string
---@return string? problem
local function set_option(spec, name, value)
  if name == "cwd" then
    spec.cwd = vim.fn.expand(value)
  elseif name == "env" then
    local variable, text = value:match("^([^=]+)=(.*)$")
    if not variable then
      return "++env needs NAME=VALUE"
    end
    spec.env = vim.tbl_extend("force", spec.env or {}, { [variable] = text })
  elseif name == "timeout" then
    local seconds = tonumber(value)
    if not seconds or seconds <= 0 then
      return "++timeout needs a number of seconds"
    end
    spec.timeout_ms = seconds * 1000
  elseif name == "open" then
    if not vim.tbl_contains(config.PLACES, value) then
      return "++open needs one of " .. table.concat(config.PLACES, ", ")
    end
    spec.open = value
  elseif name == "efm" then
    spec.errorformat = value
  elseif M.OPTIONS[name] then
    spec[name] = value
  else
    local known = vim.tbl_keys(M.OPTIONS)
    table.sort(known)
    return ("there is no ++%s; there are ++%s"):format(name, table.concat(known, ", ++"))
  end
end

--- Read `++name=value` in front of a command. A blank in a value is written as `\ `.
---@param text string
---@return pipe_rpc.Spec? spec
---@return string rest The command, or a sentence where there is no spec.
function M.read_options(text)
  local spec = {}
  while true do
    local option, rest = text:gsub("\\ ", "\0"):match("^%s*%+%+(%S+)%s*(.*)$")
    if not option then
      return spec, vim.trim(text)
    end
    local name, value = option:gsub("%z", " "):match("^(%w+)=(.*)$")
    local problem = not name and "an option is written ++name=value" or set_option(spec, name, value)
    if problem then
      return nil, problem
    end
    text = rest:gsub("%z", "\\ ")
  end
end

--- What `%`, `#3`, `%:p:h` or `<cfile>` stands for, where it is a word of its own. |expandcmd()| would take backslashes
--- away, too, which commands have their own use for.
---@param word string
---@return string? meant Nil where the word stands for itself.
local function expansion(word)
  local modifiers = word:match("^[%%#]%d*([:%w~.]*)$") or word:match("^<c%a+>([:%w~.]*)$")
  if modifiers and (modifiers == "" or vim.startswith(modifiers, ":")) then
    return vim.fn.expand(word)
  end
end

--- The words of a command: split at blanks, except behind a backslash; `\%` is a percent sign.
---@param text string
---@return string[]
function M.words(text)
  local found = {}
  for word in text:gsub("\\ ", "\0"):gmatch("%S+") do
    word = expansion(word) or word:gsub("^\\([%%#])", "%1"):gsub("^~/", vim.env.HOME .. "/")
    found[#found + 1] = (word:gsub("%z", " "))
  end
  return found
end

--- A line for the shell, with names of files in the place of `%` and the like, quoted.
---@param text string
---@return string
function M.shell_line(text)
  return (
    text:gsub("%S+", function(word)
      local meant = expansion(word)
      return meant and vim.fn.shellescape(meant) or word:gsub("^\\([%%#])", "%1")
    end)
  )
end

return M
