--- What finds errors in output: an 'errorformat', that of a compiler plugin, or a problem matcher of VS Code's.

local M = {}

---@class pipe_rpc.Matcher
---@field pattern pipe_rpc.MatcherPattern
---@field severity? "error"|"warning"|"info" Where the pattern finds none.

---@class pipe_rpc.MatcherPattern
---@field regexp string In the syntax of JavaScript.
---@field file? integer The group that holds it; so are the other numbers. Default: 1.
---@field line? integer
---@field column? integer
---@field severity? integer
---@field code? integer
---@field message? integer

--- Escapes of JavaScript that Vim writes otherwise; all others are the same behind `\v`.
local ESCAPES = { ["\\b"] = "%(<|>)", ["\\S"] = "\\S", ["\\/"] = "\\/" }
local LAZY = { ["*?"] = "{-}", ["+?"] = "{-1,}", ["??"] = "{-0,1}" }
--- Characters that mean something to Vim behind `\v`, and themselves to JavaScript.
local MAGIC = "[<>=@~%%&]"
local TYPES = { error = "E", warning = "W", info = "I", information = "I", note = "N", hint = "N" }

--- Translate a regular expression of JavaScript. Look-around and named groups are not known here and are an error.
---@param source string
---@return string
function M.vim_regexp(source)
  assert(not source:find("%(%?[=!<]"), "a matcher may not look around or name its groups: " .. source)
  local made, at, inside = "\\v\\C", 1, false
  while at <= #source do
    local two, one = source:sub(at, at + 1), source:sub(at, at)
    local piece, used = one, 1
    if one == "\\" then
      piece, used = not inside and ESCAPES[two] or two, 2
      piece = (inside and two == "\\s") and " \\t" or (inside and two == "\\d") and "0-9" or piece
    elseif inside then
      inside = one ~= "]"
    elseif one == "[" then
      inside = true
    elseif source:sub(at, at + 2) == "(?:" then
      piece, used = "%(", 3
    elseif LAZY[two] then
      piece, used = LAZY[two], 2
    elseif one:find(MAGIC) then
      piece = "\\" .. one
    end
    made, at = made .. piece, at + used
  end
  return made
end

---@param matcher pipe_rpc.Matcher
---@return fun(lines: string[]): table[]
local function by_pattern(matcher)
  local pattern = matcher.pattern
  local regexp = M.vim_regexp(pattern.regexp)
  return function(lines)
    local items = {}
    for _, line in ipairs(lines) do
      local found = vim.fn.matchlist(line, regexp)
      if #found > 0 then
        local function group(name, default)
          local number = pattern[name] or default
          return number and found[number + 1] or ""
        end
        local severity = group("severity"):lower()
        items[#items + 1] = {
          filename = group("file", 1),
          lnum = tonumber(group("line", 2)) or 0,
          col = tonumber(group("column")) or 0,
          text = group("message", 0),
          nr = tonumber(group("code")) or -1,
          type = TYPES[severity] or TYPES[matcher.severity] or "E",
          valid = 1,
        }
      end
    end
    return items
  end
end

---@param format string
---@return fun(lines: string[]): table[]
local function by_errorformat(format)
  return function(lines)
    return vim.fn.getqflist({ lines = lines, efm = format }).items
  end
end

--- The 'errorformat' of a compiler plugin. It is sourced for a buffer of its own, so that no other one changes.
---@param name string
---@return string? format
local function of_compiler(name)
  local buffer = vim.api.nvim_create_buf(false, true)
  local ok, format = pcall(vim.api.nvim_buf_call, buffer, function()
    vim.cmd.compiler({ name, mods = { silent = true } })
    return vim.bo.errorformat
  end)
  vim.api.nvim_buf_delete(buffer, { force = true })
  return ok and format ~= "" and format or nil
end

--- What turns lines into entries of the quickfix list, or nil where the job asks for none, and then perhaps why.
---@param spec pipe_rpc.Spec
---@param default? string An 'errorformat'.
---@return fun(lines: string[])? parse
---@return string? problem
function M.of(spec, default)
  if spec.matcher then
    local ok, parse = pcall(by_pattern, spec.matcher)
    return ok and parse or nil, not ok and tostring(parse) or nil
  end
  if spec.compiler then
    local format = of_compiler(spec.compiler)
    if not format then
      return nil, ("there is no compiler plugin %s: see :help write-compiler-plugin"):format(spec.compiler)
    end
    return by_errorformat(format)
  end
  local format = spec.errorformat or default
  return format and by_errorformat(format) or nil
end

return M
