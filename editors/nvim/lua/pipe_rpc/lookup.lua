--- Finds the server: the setting `cmd`, else `pipe-rpc` on PATH, else a module of `python3`, else `uvx`.

local config = require("pipe_rpc.config")

local M = {}

--- How long python3 may take to tell whether it has the module; longer means that something else is wrong.
local PYTHON_TIMEOUT_MS = 5000

--- `-P`: what lies in the working directory is not asked. Python learnt it in 3.11, which pipe-rpc needs anyway.
local HAS_MODULE = "import importlib.util, sys; sys.exit(importlib.util.find_spec('pipe_rpc') is None)"

---@class pipe_rpc.Found
---@field cmd string[]
---@field how string Where it was found, for people.

local function python_has_it()
  if vim.fn.executable("python3") == 0 then
    return false
  end
  local ok, process = pcall(vim.system, { "python3", "-P", "-c", HAS_MODULE }, { timeout = PYTHON_TIMEOUT_MS })
  return ok and process:wait().code == 0
end

--- The command that starts the server, or nil and a sentence that says what to do.
---@return pipe_rpc.Found? found
---@return string? problem
function M.find()
  local configured = config.get().cmd
  if configured then
    if vim.fn.executable(configured[1]) == 1 then
      return { cmd = configured, how = "by the setting cmd" }
    end
    return nil, ("the setting cmd names %s, which is no executable program: mend or remove it"):format(configured[1])
  end
  if vim.fn.executable("pipe-rpc") == 1 then
    return { cmd = { "pipe-rpc", "--stdio" }, how = "on PATH" }
  end
  if python_has_it() then
    return { cmd = { "python3", "-P", "-m", "pipe_rpc", "--stdio" }, how = "as a module of python3" }
  end
  if vim.fn.executable("uvx") == 1 then
    return { cmd = { "uvx", "pipe-rpc", "--stdio" }, how = "by uvx, which downloads it where needed" }
  end
  return nil, "the server was not found: run `pipx install pipe-rpc`, or set cmd to where it is (:help pipe-rpc-server)"
end

return M
