--- The buffer of a job: a terminal that Neovim draws, so colours and progress bars are right.
---
--- Neovim follows the end of a terminal buffer while the cursor is on its last line, and only then.

local config = require("pipe_rpc.config")
local drawing = require("pipe_rpc.drawing")
local tail = require("pipe_rpc.tail")

local M = {}

--- How much of a command the name of its buffer shows: what a status line has room for.
local NAME_CHARACTERS = 60

local FILETYPE = "pipe-rpc-output"

local DIM, PLAIN = "\27[2m", "\27[0m"

--- What waits to be drawn of one job at most, where lines are few and long.
local MAX_WAITING_BYTES = 8 * 1024 * 1024

---@class pipe_rpc.Output: pipe_rpc.Drawable
---@field number integer The buffer.
---@field private channel integer
---@field private midline boolean Whether what was written last did not end a line.
local Output = {}
Output.__index = Output

local OPENERS = { split = "botright %dsplit", vsplit = "vertical botright split", tab = "tab split", current = "" }

--- Run `action` while no autocommand for `events` acts: `startinsert` on TermOpen is a common one, and would act in
--- whatever window the cursor happens to be.
---@param events string
---@param action fun(): any
local function without(events, action)
  local ignored = vim.o.eventignore
  vim.o.eventignore = ignored == "" and events or (ignored .. "," .. events)
  local ok, result = pcall(action)
  vim.o.eventignore = ignored
  assert(ok, result)
  return result
end

--- Give a terminal the size of its window. Neovim 0.10 does so only when that changes: a bar comes, and goes again.
---@param window integer
local function fit(window)
  if vim.fn.has("nvim-0.11") == 0 then
    local place = { win = window, scope = "local" }
    local bar = vim.api.nvim_get_option_value("winbar", place)
    vim.api.nvim_set_option_value("winbar", bar == "" and " " or "", place)
    vim.api.nvim_set_option_value("winbar", bar, place)
  end
end

--- A new buffer, in no window.
---@param job pipe_rpc.Job
---@return pipe_rpc.Output
function M.new(job)
  local number = vim.api.nvim_create_buf(false, true)
  local name = vim.fn.strcharpart(job.name:gsub("\n", " "), 0, NAME_CHARACTERS)
  vim.api.nvim_buf_set_name(number, ("pipe-rpc://%d.%d/%s"):format(job.number, job.runs, name))
  -- Set behind nvim_open_term it would act only once the loop has turned, too late for a job that is quick.
  vim.bo[number].scrollback = config.get().scrollback
  local channel = without("TermOpen", function()
    return vim.api.nvim_open_term(number, {})
  end)
  -- Neovim 0.10 forgets it then.
  vim.bo[number].scrollback = config.get().scrollback
  vim.b[number].pipe_rpc_job = job.number
  vim.bo[number].filetype = FILETYPE
  require("pipe_rpc.keys").output(number)
  local waiting = tail.new(MAX_WAITING_BYTES, config.get().scrollback + vim.o.lines)
  return setmetatable({ number = number, channel = channel, midline = false, waiting = waiting }, Output)
end

--- Whether it is still there: the user may have wiped it out.
---@return boolean
function Output:exists()
  return vim.api.nvim_buf_is_valid(self.number)
end

--- Draw text that a job wrote.
---@param text string
function Output:append(text)
  if text ~= "" and self:exists() then
    self.midline = text:sub(-1) ~= "\n"
    drawing.add(self, text)
  end
end

--- The next piece, when its turn has come.
---@param text string
function Output:draw(text)
  if self:exists() then
    vim.api.nvim_chan_send(self.channel, text)
  end
end

--- Say something about the job on a line of its own, unlike what the job says.
---@param text string
function Output:note(text)
  local line = self.midline and "\r\n" or ""
  self:append(("%s%s%s[%s]%s\r\n"):format(PLAIN, line, DIM, (text:gsub("\n", " ")), PLAIN))
end

--- A window of this tab that shows this output, else one that shows that of another job.
---@return integer?
function Output:window()
  local panel
  for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    local shown = vim.api.nvim_win_get_buf(window)
    if shown == self.number then
      return window
    elseif vim.bo[shown].filetype == FILETYPE then
      panel = window
    end
  end
  return panel
end

--- Show it, with the cursor at the end, so that it is followed.
---@param place? "split"|"vsplit"|"tab"|"current" Default: where output is shown already, else by the setting `open`.
---@param stay? boolean Leave the cursor in the window where it is.
function Output:show(place, stay)
  local before = vim.api.nvim_get_current_win()
  -- Not a split for each job: Neovim draws no terminal in the single line that would be left of the first.
  local window = not place and self:window()
  if window then
    vim.api.nvim_set_current_win(window)
  else
    local settings = config.get()
    local opener = OPENERS[place or settings.open] or OPENERS.split
    if opener ~= "" then
      vim.cmd(opener:format(settings.height))
    end
  end
  vim.api.nvim_win_set_buf(0, self.number)
  fit(0)
  vim.api.nvim_win_set_cursor(0, { vim.api.nvim_buf_line_count(self.number), 0 })
  if stay and vim.api.nvim_win_is_valid(before) then
    vim.api.nvim_set_current_win(before)
  end
end

--- Put `other` into every window that shows this one, and delete this one.
---@param other? pipe_rpc.Output
function Output:replace(other)
  if not self:exists() then
    return
  end
  for _, window in ipairs(other and vim.fn.win_findbuf(self.number) or {}) do
    vim.api.nvim_win_set_buf(window, other.number)
    fit(window)
  end
  vim.api.nvim_buf_delete(self.number, { force = true })
end

return M
