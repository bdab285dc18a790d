--- Errors in the output of a job: a quickfix list that fills while the job runs, and diagnostics.
---
--- Lines are parsed a few times a second, however fast they come; of a flood the newest are.

local config = require("pipe_rpc.config")
local matcher = require("pipe_rpc.matcher")
local tail = require("pipe_rpc.tail")
local text = require("pipe_rpc.text")

local M = {}

--- How long output is collected before it is parsed: soon enough for the eye, and messages of several lines stay whole.
local INTERVAL_MS = 200
--- Lines parsed at once, and the pause behind them: an 'errorformat' of many patterns takes 50 µs for each line.
local SLICE_LINES, PAUSE_MS = 300, 30
--- What waits to be parsed at most. Older output of a flood is not parsed.
local MAX_BYTES, MAX_LINES = 4 * 1024 * 1024, 20000
--- Taken from that at once.
local PIECE_BYTES = 16 * 1024
--- Entries that a list may have; nobody reads more, and diagnostics are made of all of them each time.
local MAX_ENTRIES = 10000

---@class pipe_rpc.Quickfix
---@field private job pipe_rpc.Job
---@field private parse fun(lines: string[]): table[]
---@field private list? integer The id of the quickfix list.
---@field private pending pipe_rpc.Tail
---@field private lines string[] Whole lines that were taken from it.
---@field private rest string The line behind them that is not whole.
---@field private scheduled boolean
---@field private finishing boolean The job has ended.
---@field private namespace integer
---@field private entries integer
local Quickfix = {}
Quickfix.__index = Quickfix

--- What parses the output of a job that starts, or nil where nothing is to be found in it. The list of its last run is
--- emptied and used again.
---@param job pipe_rpc.Job
---@param last? pipe_rpc.Quickfix
---@return pipe_rpc.Quickfix?
function M.new(job, last)
  local parse, problem = matcher.of(job.spec, config.get().quickfix.errorformat)
  if problem then
    require("pipe_rpc.events").complain(problem)
  end
  if not parse then
    return nil
  end
  local namespace = vim.api.nvim_create_namespace("pipe-rpc-job-" .. job.number)
  vim.diagnostic.reset(namespace)
  ---@type pipe_rpc.Quickfix
  local self = setmetatable({
    job = job,
    parse = parse,
    list = last and last.list,
    pending = tail.new(MAX_BYTES, MAX_LINES),
    lines = {},
    rest = "",
    namespace = namespace,
    entries = 0,
    scheduled = false,
    finishing = false,
  }, Quickfix)
  if self:is_there() then
    vim.fn.setqflist({}, "r", { id = self.list, items = {}, title = job.name })
  else
    vim.fn.setqflist({}, " ", { title = job.name, nr = "$" })
    self.list = vim.fn.getqflist({ nr = "$", id = 0 }).id
  end
  return self
end

--- Whether the list is one of the ten that Neovim keeps.
---@private
---@return boolean
function Quickfix:is_there()
  return self.list ~= nil and vim.fn.getqflist({ id = self.list }).id == self.list
end

--- The next piece of output.
---@param data string
function Quickfix:feed(data)
  self.pending:push(data)
  self:schedule(INTERVAL_MS)
end

---@private
---@param delay_ms integer
function Quickfix:schedule(delay_ms)
  if self.scheduled then
    return
  end
  self.scheduled = true
  vim.defer_fn(function()
    self.scheduled = false
    self:add(self:next_lines())
    if #self.lines > 0 or not self.pending:is_empty() then
      self:schedule(PAUSE_MS)
    elseif self.finishing then
      self:done()
    end
  end, delay_ms)
end

--- Whole lines, as many as are parsed at once.
---@private
---@return string[]
function Quickfix:next_lines()
  while #self.lines < SLICE_LINES and not self.pending:is_empty() do
    local data = self.rest .. self.pending:pop(PIECE_BYTES)
    local lines = vim.split(data, "\n", { plain = true })
    self.rest = table.remove(lines)
    vim.list_extend(self.lines, lines)
  end
  if self.finishing and self.rest ~= "" and self.pending:is_empty() then
    self.lines[#self.lines + 1], self.rest = self.rest, ""
  end
  local taken = vim.list_slice(self.lines, 1, SLICE_LINES)
  self.lines = vim.list_slice(self.lines, SLICE_LINES + 1)
  return vim.tbl_map(text.plain, taken)
end

--- Run `action` where names of files are meant as in `directory`.
---@param directory string
---@param action fun()
local function inside(directory, action)
  local ignored, before = vim.o.eventignore, vim.fn.getcwd()
  if vim.fs.normalize(directory) == vim.fs.normalize(before) then
    return action()
  end
  vim.o.eventignore = "all"
  vim.fn.chdir(directory)
  local ok, problem = pcall(action)
  vim.fn.chdir(before)
  vim.o.eventignore = ignored
  assert(ok, problem)
end

---@private
---@param lines string[]
function Quickfix:add(lines)
  if #lines == 0 or not self:is_there() or self.entries >= MAX_ENTRIES then
    return
  end
  local items = {}
  inside(self.job.spec.cwd, function()
    for _, item in ipairs(self.parse(lines)) do
      -- What no pattern knows is in the output buffer; here it would bury what can be jumped to.
      if item.valid == 1 and self.entries + #items < MAX_ENTRIES then
        items[#items + 1] = item
      end
    end
    if #items > 0 then
      vim.fn.setqflist({}, "a", { id = self.list, items = items })
    end
  end)
  self.entries = self.entries + #items
  if #items > 0 and config.get().quickfix.diagnostics then
    self:diagnose()
  end
end

---@private
function Quickfix:diagnose()
  local of_buffers = {}
  local items = vim.fn.getqflist({ id = self.list, items = 0 }).items
  for _, diagnostic in ipairs(vim.diagnostic.fromqflist(items)) do
    diagnostic.source = self.job.name
    of_buffers[diagnostic.bufnr] = of_buffers[diagnostic.bufnr] or {}
    table.insert(of_buffers[diagnostic.bufnr], diagnostic)
  end
  for buffer, diagnostics in pairs(of_buffers) do
    vim.diagnostic.set(self.namespace, buffer, diagnostics)
  end
end

--- The job has ended: parse what is left.
function Quickfix:finish()
  self.finishing = true
  self:schedule(0)
end

--- Say that the list is complete, as |:make| does.
---@private
function Quickfix:done()
  self.finishing = false
  vim.api.nvim_exec_autocmds("QuickFixCmdPost", { pattern = "pipe-rpc", modeline = false })
  if config.get().quickfix.open and self.entries > 0 and self.job:has_failed() then
    vim.cmd("botright copen | wincmd p")
  end
end

--- Forget what was shown in the text of files.
function Quickfix:dispose()
  vim.diagnostic.reset(self.namespace)
end

return M
