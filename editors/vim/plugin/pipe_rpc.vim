" The command and the <Plug> maps of pipe-rpc. Nothing else happens at start-up; the rest is loaded at first use.

if exists('g:loaded_pipe_rpc')
  finish
endif
let g:loaded_pipe_rpc = 1

if !has('vim9script') || v:version < 900 || !has('job') || !has('textprop')
  echohl ErrorMsg
  echomsg 'pipe-rpc needs Vim 9.0 or newer with +job, +channel and +textprop'
  echohl None
  finish
endif

command! -bang -count=0 -nargs=* -complete=customlist,pipe_rpc#command#Complete PipeRpc
      \ call pipe_rpc#command#Run(<q-args>, <count>, <bang>0)

for s:name in ['list', 'rerun', 'stop', 'kill', 'open', 'write']
  execute printf('nnoremap <silent> <Plug>(pipe-rpc-%s) <Cmd>PipeRpc %s<CR>', s:name, s:name)
endfor
unlet s:name
