--- Carries messages between a socket and a server, through the connection of the plugin: see tests/editors/relay.py.

local client = require("pipe_rpc.client")

local socket = assert(vim.uv.new_pipe())
local server
local unread = ""

local function tell(message)
  socket:write(vim.json.encode(message) .. "\n")
end

--- Send what came, and hand back its answer under the number that it came with.
local function carry(message)
  if not message.id then
    return server:notify(message.method, message.params)
  end
  server:request(message.method, message.params, function(err, result)
    if not err then
      tell({ jsonrpc = "2.0", id = message.id, result = result == nil and vim.NIL or result })
    elseif err.code then
      local problem = { code = err.code, message = err.message, data = next(err.data) and err.data or nil }
      tell({ jsonrpc = "2.0", id = message.id, error = problem })
    end
  end)
end

local function start()
  server = assert(client.start(vim.json.decode(vim.env.PIPE_RPC_RELAY_SERVER), {
    notification = function(method, params)
      tell({ jsonrpc = "2.0", method = method, params = params })
    end,
    ended = function(how)
      local signal, status = how:match("^by signal (%d+)"), how:match("^with status (%d+)")
      tell({ ended = signal and -signal or tonumber(status) })
      socket:shutdown(function()
        vim.schedule(function()
          vim.cmd("qall!")
        end)
      end)
    end,
  }))
  socket:read_start(vim.schedule_wrap(function(err, data)
    assert(not err, err)
    if not data then
      -- Whoever listened has gone.
      return vim.cmd("qall!")
    end
    unread = unread .. data
    for line in unread:gmatch("([^\n]*)\n") do
      -- The last is `null`: nothing here closes the stdin of a server but the end of Neovim.
      if line ~= "null" then
        carry(vim.json.decode(line))
      end
    end
    unread = unread:match("[^\n]*$")
  end))
end

socket:connect(vim.env.PIPE_RPC_RELAY, vim.schedule_wrap(function(err)
  assert(not err, err)
  start()
end))
