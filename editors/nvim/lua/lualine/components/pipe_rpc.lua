--- The component "pipe_rpc" of lualine: `sections = { lualine_x = { "pipe_rpc" } }`.

return function()
  return require("pipe_rpc.status").get()
end
