-- pipe-rpc in Neovim 0.11 or newer, without a plugin. Put this file into ~/.config/nvim/plugin/, as pipe-rpc.lua.

vim.lsp.config('pipe-rpc', {
  cmd = { 'pipe-rpc', '--stdio' },
  -- What turns the output of jobs into diagnostics; the first that finds something in a line counts.
  init_options = { problemMatcher = { '$mypy', '$gcc', '$cargo', '$tsc', '$go' } },
})
vim.lsp.enable('pipe-rpc')

local function execute(command, argument)
  local client = vim.lsp.get_clients({ name = 'pipe-rpc' })[1]
  if not client then
    vim.notify('pipe-rpc is not running: open a file, or see :checkhealth vim.lsp', vim.log.levels.ERROR)
    return
  end
  local params = { command = 'pipe-rpc.' .. command, arguments = argument and { argument } or nil }
  client:request('workspace/executeCommand', params, function(failure, result)
    if failure then
      vim.notify(failure.message, vim.log.levels.ERROR)
    elseif command == 'list' then
      for _, session in ipairs(result.sessions) do
        vim.print(('%-11s %s'):format(session.state, session.command))
      end
    end
  end)
end

vim.api.nvim_create_user_command('PipeRun', function(given)
  execute('run', { argv = { '/bin/sh', '-c', given.args }, command = given.args, cwd = vim.fn.getcwd() })
end, { nargs = '+', desc = 'Run a shell line as a job' })

vim.api.nvim_create_user_command('PipeRerun', function()
  execute('rerunLast')
end, { desc = 'Run the last job again' })

vim.api.nvim_create_user_command('PipeList', function()
  execute('list')
end, { desc = 'List sessions' })

vim.api.nvim_create_user_command('PipeStop', function()
  execute('terminateAll')
end, { desc = 'Terminate all jobs' })

-- When a job has ended, its diagnostics are complete: put them into the quickfix list.
vim.api.nvim_create_autocmd('LspProgress', {
  pattern = 'end',
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == 'pipe-rpc' then
      local namespace = vim.lsp.diagnostic.get_namespace(client.id)
      vim.diagnostic.setqflist({ namespace = namespace, open = false, title = 'pipe-rpc' })
    end
  end,
})
