std = "luajit"
globals = { "vim" }
max_line_length = 120
-- Generated, and as wide as what it says.
files["lua/pipe_rpc/types.lua"] = { max_line_length = false }
