--- The one server of this editor: started at first use, checked, and started again after it died.
---
--- Requests that come while it starts wait for it in their order.

local client = require("pipe_rpc.client")
local config = require("pipe_rpc.config")
local constants = require("pipe_rpc.constants")
local lookup = require("pipe_rpc.lookup")

local M = {}

---@class pipe_rpc.ServerDescription
---@field cmd string[]
---@field how string
---@field version string
---@field protocol integer
---@field containment string

---@type pipe_rpc.Client?
local connection
---@type pipe_rpc.ServerDescription?
local description
---@type {method: string, params: table?, callback: pipe_rpc.Callback}[]
local queue = {}
---@type fun(method: string, params: table)
local on_notification = function() end
---@type fun(how: string)
local on_lost = function() end
---@type table<string, string>
local environment = {}

--- Who is told what the server says, and that it died.
---@param handlers {notification: fun(method: string, params: table), lost: fun(how: string)}
function M.listen(handlers)
  on_notification, on_lost = handlers.notification, handlers.lost
end

--- The environment that the server was started in, and so what jobs inherit.
---@return table<string, string>
function M.environment()
  return next(environment) and environment or vim.fn.environ()
end

--- What runs, or nil where nothing does.
---@return pipe_rpc.ServerDescription?
function M.description()
  return description
end

local function answer_queue(problem)
  local waiting = queue
  queue = {}
  for _, request in ipairs(waiting) do
    if problem then
      request.callback({ message = problem, kind = "ServerUnavailable" })
    elseif connection then
      connection:request(request.method, request.params, request.callback)
    end
  end
end

--- Nil, or what is wrong with the answer to `initialize`.
---@param result table
---@return string?
local function mismatch(result)
  local experimental = vim.tbl_get(result, "capabilities", "experimental", "pipeRpc")
  if type(experimental) ~= "table" then
    return "it answers, but it is no pipe-rpc: mend the setting cmd"
  end
  local spoken, wanted = experimental.protocolVersion, constants.PROTOCOL_VERSION
  if spoken ~= wanted then
    local older = type(spoken) == "number" and spoken < wanted
    return ("it speaks version %s of the protocol and this plugin version %d: update %s"):format(
      tostring(spoken),
      wanted,
      older and "the server" or "the plugin"
    )
  end
end

--- Say hello to a server that was started. `done` gets a description, or nil and a sentence.
---@param started pipe_rpc.Client
---@param found pipe_rpc.Found
---@param done fun(description: pipe_rpc.ServerDescription?, problem: string?)
local function greet(started, found, done)
  local settings = config.get()
  local shown = table.concat(found.cmd, " ")
  local answered = false
  local function finish(described, problem)
    if not answered then
      answered = true
      done(described, problem and ("%s: %s"):format(shown, problem))
    end
  end
  vim.defer_fn(function()
    finish(
      nil,
      ("it said nothing for %d s; try it in a shell, or raise start_timeout_ms"):format(
        settings.start_timeout_ms / 1000
      )
    )
  end, settings.start_timeout_ms)
  local version = vim.version()
  started:request("initialize", {
    processId = vim.uv.os_getpid(),
    capabilities = vim.empty_dict(),
    clientInfo = { name = "Neovim", version = ("%d.%d.%d"):format(version.major, version.minor, version.patch) },
    initializationOptions = { graceMs = settings.grace_ms },
  }, function(err, result)
    local problem = err and err.message or mismatch(result)
    if problem then
      return finish(nil, problem)
    end
    started:notify("initialized", vim.empty_dict())
    local experimental = result.capabilities.experimental.pipeRpc
    finish({
      cmd = found.cmd,
      how = found.how,
      version = result.serverInfo.version,
      protocol = experimental.protocolVersion,
      containment = experimental.containment,
    })
  end)
end

---@return string? problem
local function start()
  local found, problem = lookup.find()
  if not found then
    return problem
  end
  environment = vim.fn.environ()
  local started
  started, problem = client.start(found.cmd, {
    notification = function(method, params)
      on_notification(method, params)
    end,
    ended = function(how)
      if connection ~= started then
        return
      end
      connection, description = nil, nil
      on_lost(how)
    end,
  })
  connection = started
  if not started then
    return problem
  end
  greet(started, found, function(described, wrong)
    if connection ~= started then
      return
    end
    description = described
    if wrong then
      connection = nil
      started:terminate()
    end
    answer_queue(wrong)
  end)
end

--- Send a request, after starting the server where none runs. `callback` is called exactly once, later.
---@param method string
---@param params? table
---@param callback pipe_rpc.Callback
function M.request(method, params, callback)
  if description and connection then
    return connection:request(method, params, callback)
  end
  queue[#queue + 1] = { method = method, params = params, callback = callback }
  local problem = not connection and start() or nil
  if problem then
    vim.schedule(function()
      answer_queue(problem)
    end)
  end
end

return M
