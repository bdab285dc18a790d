--- The keys of buffers that belong to jobs; nothing is mapped anywhere else.

local M = {}

---@param buffer integer
---@param keys {[1]: string, [2]: fun(), [3]: string}[] Key, action, what it does.
local function map(buffer, keys)
  for _, key in ipairs(keys) do
    vim.keymap.set("n", key[1], key[2], { buffer = buffer, nowait = true, silent = true, desc = key[3] })
  end
end

--- Show what the keys of this buffer do.
---@param title string
---@param keys {[1]: string, [2]: fun(), [3]: string}[]
local function help(title, keys)
  local lines, width = {}, #title
  for _, key in ipairs(keys) do
    lines[#lines + 1] = (" %-6s %s "):format(key[1], key[3])
    width = math.max(width, #lines[#lines])
  end
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].modifiable, vim.bo[buffer].bufhidden = false, "wipe"
  local window = vim.api.nvim_open_win(buffer, true, {
    relative = "cursor",
    row = 1,
    col = 0,
    width = width,
    height = #lines,
    style = "minimal",
    border = "rounded",
    title = title,
  })
  for _, lhs in ipairs({ "q", "<Esc>", "?", "g?" }) do
    vim.keymap.set("n", lhs, function()
      vim.api.nvim_win_close(window, true)
    end, { buffer = buffer, nowait = true })
  end
end

local function close()
  if #vim.api.nvim_list_wins() > 1 then
    vim.api.nvim_win_close(0, false)
  else
    vim.cmd.enew()
  end
end

--- Map the keys of a buffer: `keys`, `q`, and what shows them all.
---@param buffer integer
---@param title string
---@param help_key string
---@param keys {[1]: string, [2]: fun(), [3]: string}[]
function M.set(buffer, title, help_key, keys)
  keys = vim.list_extend(keys, {
    { "q", close, "close the window" },
  })
  keys[#keys + 1] = {
    help_key,
    function()
      help(title, keys)
    end,
    "show these keys",
  }
  map(buffer, keys)
end

--- The keys of a job's output. `?` and `r` keep their meaning there, for it is read like any text.
---@param buffer integer
function M.output(buffer)
  local function act(name)
    return function()
      require("pipe_rpc.actions")[name](require("pipe_rpc.jobs").get(vim.b[buffer].pipe_rpc_job))
    end
  end
  M.set(buffer, "Output of a job", "g?", {
    { "i", act("ask_and_write"), "write a line to its stdin" },
    { "a", act("ask_and_write"), "the same" },
    { "<C-c>", act("stop"), "stop it; again: kill it" },
    { "R", act("rerun"), "run it again" },
    { "D", act("toggle"), "detach from its output, or attach again" },
  })
end

return M
