--- `:checkhealth pipe_rpc`: whether everything is there, and what to do where it is not.

local M = {}

--- How long the check waits for a server that starts: a download by uvx is not waited for.
local SERVER_TIMEOUT_MS = 10000

local function check_editor(health)
  if vim.fn.has("nvim-0.10") == 1 then
    health.ok("Neovim " .. tostring(vim.version()))
  else
    health.error("Neovim is older than 0.10", { "update Neovim" })
  end
end

local function check_settings(health)
  local problems = require("pipe_rpc.config").problems()
  for _, problem in ipairs(problems) do
    health.error(problem, { "see :help pipe-rpc-settings" })
  end
  if #problems == 0 then
    health.ok("the settings are valid")
  end
end

local function check_server(health)
  local found, problem = require("pipe_rpc.lookup").find()
  if not found then
    return health.error(problem)
  end
  health.ok(("server found %s: %s"):format(found.how, table.concat(found.cmd, " ")))
  require("pipe_rpc.jobs")
  local server = require("pipe_rpc.server")
  local answered, failure, sessions = false, nil, nil
  server.request(require("pipe_rpc.constants").METHODS.LIST, vim.empty_dict(), function(err, result)
    answered, failure, sessions = true, err, result
  end)
  vim.wait(SERVER_TIMEOUT_MS, function()
    return answered
  end)
  local description = server.description()
  if not answered then
    health.warn(("the server has not answered for %d s"):format(SERVER_TIMEOUT_MS / 1000), { "look again later" })
  elseif failure or not description then
    health.error(failure and failure.message or "the server ended", { "run the command in a shell to see why" })
  else
    health.ok(("pipe-rpc %s, protocol %d"):format(description.version, description.protocol))
    health.info(("%d sessions, held together by %s"):format(#sessions.sessions, description.containment or "group"))
  end
end

function M.check()
  local health = vim.health
  health.start("pipe-rpc")
  check_editor(health)
  check_settings(health)
  check_server(health)
  health.info("what the server says on stderr: " .. vim.lsp.log.get_filename())
end

return M
