vim9script
# The keys of buffers that belong to jobs; nothing is mapped anywhere else.
#
# What a key does is a word. It is looked up when the key is pressed, so that nothing here needs to know jobs.

export const OUTPUT_FILETYPE = 'pipe-rpc-output'
export const LIST_FILETYPE = 'pipe-rpc-list'

# The keys of a job's output. `?` and `r` keep their meaning there, for it is read like any text.
export const OUTPUT = [
  ['i', 'write', 'write a line to its stdin'],
  ['a', 'write', 'the same'],
  ['<C-c>', 'stop', 'stop it; again: kill it'],
  ['R', 'rerun', 'run it again'],
  ['D', 'toggle', 'detach from its output, or attach again'],
  ['q', 'quit', 'close the window'],
  ['g?', 'help', 'show these keys'],
]

export const LIST = [
  ['<CR>', 'current', 'open its output in the last window'],
  ['o', 'split', 'open its output below'],
  ['<C-s>', 'split', 'the same'],
  ['<C-v>', 'vsplit', 'open its output beside'],
  ['<C-t>', 'tab', 'open its output in a tab'],
  ['i', 'write', 'write a line to its stdin'],
  ['r', 'rerun', 'run it again'],
  ['s', 'stop', 'stop it; again: kill it'],
  ['S', 'kill', 'kill it'],
  ['d', 'dispose', 'kill and forget it'],
  ['D', 'toggle', 'detach from its output, or attach again'],
  ['L', 'log', 'what is retained of its output, as plain text'],
  ['q', 'quit', 'close the window'],
  ['?', 'help', 'show these keys'],
]

# Map `keys` in the current buffer.
def Map(keys: list<list<string>>)
  for [key, action, _] in keys
    execute printf("nnoremap <buffer> <nowait> <silent> %s <Cmd>call pipe_rpc#pressed#Do('%s')<CR>", key, action)
  endfor
enddef

augroup pipe_rpc_keys
  autocmd!
  execute 'autocmd FileType' OUTPUT_FILETYPE 'Map(OUTPUT)'
  execute 'autocmd FileType' LIST_FILETYPE 'Map(LIST)'
augroup END
