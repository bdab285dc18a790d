--- The command and the <Plug> maps of pipe-rpc. Nothing else happens at start-up; modules are loaded at first use.

if vim.g.loaded_pipe_rpc then
  return
end
vim.g.loaded_pipe_rpc = true

if vim.fn.has("nvim-0.10") == 0 then
  vim.notify("pipe-rpc needs Neovim 0.10 or newer: update Neovim, or take this plugin out", vim.log.levels.ERROR)
  return
end

vim.api.nvim_create_user_command("PipeRpc", function(typed)
  require("pipe_rpc.command").run(typed)
end, {
  nargs = "*",
  bang = true,
  count = 0,
  desc = "Run and look after background jobs",
  complete = function(lead, line, cursor)
    return require("pipe_rpc.command").complete(lead, line:sub(1, cursor))
  end,
})

for name, subcommand in pairs({
  list = "list",
  rerun = "rerun",
  stop = "stop",
  kill = "kill",
  open = "open",
  write = "write",
}) do
  vim.keymap.set("n", ("<Plug>(pipe-rpc-%s)"):format(name), function()
    vim.cmd.PipeRpc({ subcommand })
  end, { desc = "pipe-rpc: " .. subcommand })
end
