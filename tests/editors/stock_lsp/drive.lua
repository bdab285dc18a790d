-- Does in Neovim what a person does with neovim.lua, and writes down what the editor shows of it.
-- Arguments: the configuration, and how many milliseconds each step may take.

local configuration, deadline_ms = arg[1], tonumber(arg[2])
local seen = { progress = {}, notified = {} }

local function wait(what, condition)
  if not vim.wait(deadline_ms, condition, 10) then
    error('in vain: ' .. what .. '\n' .. vim.inspect(seen) .. vim.fn.execute('messages'))
  end
end

local function shown()
  local found = {}
  for _, each in ipairs(vim.diagnostic.get()) do
    local file = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(each.bufnr), ':t')
    table.insert(found, { file, each.lnum + 1, each.col + 1, each.severity, each.source, each.message })
  end
  return found
end

local function ended(count)
  local ends = vim.tbl_filter(function(each) return each.kind == 'end' end, seen.progress)
  return #ends == count
end

vim.api.nvim_create_autocmd('LspProgress', {
  callback = function(event)
    table.insert(seen.progress, vim.tbl_extend('force', event.data.params.value, { token = event.data.params.token }))
  end,
})

dofile(configuration)
vim.fn.writefile({ 'int main(void) {', '  return missing;', '}' }, 'a.c')
vim.cmd.edit('a.c')
vim.bo.filetype = 'c'
wait('a server', function()
  local client = vim.lsp.get_clients({ name = 'pipe-rpc', bufnr = 0 })[1]
  return client and client.initialized
end)
local client = vim.lsp.get_clients({ name = 'pipe-rpc' })[1]

vim.cmd([[PipeRun echo compiling; echo "a.c:2:10: error: missing is undeclared" >&2; exit 2]])
wait('the end of a job', function() return ended(1) end)
seen.diagnostics = shown()
seen.quickfix = vim.tbl_map(function(each) return each.lnum end, vim.fn.getqflist())
wait('a message', function() return vim.fn.execute('messages'):find('exit status 2', 1, true) end)

vim.fn.writefile({ 'a.c:3:1: warning: ended' }, 'next')
vim.cmd([[PipeRun cat next]])
wait('the end of the second job', function() return ended(2) end)
vim.fn.writefile({ 'all is well' }, 'next')
seen.both = #shown()
vim.cmd.PipeRerun()
wait('the end of the second job, run again', function() return ended(3) end)
wait('its diagnostics to go', function() return #shown() == 1 end)

vim.cmd([[PipeRun echo working; sleep 1000]])
wait('a report', function()
  local last = seen.progress[#seen.progress]
  return last.kind == 'report' and last.message == 'working'
end)
client:notify('window/workDoneProgress/cancel', { token = seen.progress[#seen.progress].token })
wait('the end of a job that was cancelled', function() return ended(4) end)
seen.cancelled = seen.progress[#seen.progress].message

vim.cmd([[PipeRun sleep 1000]])
wait('the begin of a job', function() return seen.progress[#seen.progress].kind == 'begin' end)
vim.cmd.PipeStop()
wait('the end of a job that was stopped', function() return ended(5) end)
seen.stopped = seen.progress[#seen.progress].message
seen.titles = vim.tbl_map(function(each) return each.title end, seen.progress)
seen.messages = vim.fn.execute('messages')

client:stop()
wait('the end of the server', function() return client:is_stopped() end)
vim.fn.writefile({ vim.json.encode(seen) }, 'summary.json')
