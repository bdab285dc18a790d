vim9script
# What keys and commands do with a job.

import './buffer.vim'
import './job.vim'
import './jobs.vim'
import './notices.vim'

# Open its output; `place` is one of the setting `open`, or empty.
export def Open(one: dict<any>, place = '')
  if buffer.Exists(one.output)
    buffer.Show(one.output, place, false)
  else
    final advice = 'the buffer of job %d was wiped out: :PipeRpc log %d shows what is retained'
    notices.Complain(printf(advice, one.number, one.number))
  endif
enddef

# Stands behind a line that was entered: a cancelled question and an empty line look alike to input().
const ENTERED = "\x01"
# The keys that enter a line.
const ENTERING = ['<CR>', '<NL>', '<kEnter>']

def Question(prompt: string): string
  for key in ENTERING
    execute 'cnoremap <buffer>' key '<End><C-V><C-A><CR>'
  endfor
  try
    return input(prompt)
  finally
    for key in ENTERING
      execute 'silent! cunmap <buffer>' key
    endfor
  endtry
  return ''
enddef

# Ask for a line and write it to its stdin.
export def AskAndWrite(one: dict<any>)
  if !job.IsActive(one)
    notices.Complain(printf('job %d is over (%s) and reads nothing: rerun it', one.number, job.Describe(one)))
    return
  endif
  final written = Question(printf('stdin of %s: ', substitute(one.name, '\n', ' ', 'g')))
  if strpart(written, len(written) - 1) == ENTERED
    job.Write(one, strpart(written, 0, len(written) - 1) .. "\n")
  endif
enddef

# Stop it softly; a second time, hard.
export def Stop(one: dict<any>)
  if one.state == 'stopping'
    job.Kill(one)
  else
    job.Stop(one)
  endif
enddef

# Detach from its output, or attach again.
export def Toggle(one: dict<any>)
  if one.attached
    job.Detach(one)
  else
    job.Attach(one)
  endif
enddef

# Show what is retained of its output in a buffer of its own: whole lines, no colours, to be searched and saved.
export def Log(one: dict<any>)
  job.Text(one, (text, missed) => {
    final lines = split(substitute(text, '\n$', '', ''), "\n", true)
    botright new
    setlocal buftype=nofile bufhidden=wipe noswapfile
    b:pipe_rpc_job = one.number
    setline(1, missed > 0 ? [printf('[%d bytes before this were not kept]', missed)] + lines : lines)
    setlocal nomodified
  })
enddef

# Do what a key or a subcommand of this name does.
export def Do(name: string, one: dict<any>)
  if name == 'open'
    Open(one)
  elseif index(['split', 'vsplit', 'tab', 'current'], name) >= 0
    Open(one, name)
  elseif name == 'write'
    AskAndWrite(one)
  elseif name == 'stop'
    Stop(one)
  elseif name == 'kill'
    job.Kill(one)
  elseif name == 'close'
    job.Write(one, '', true)
  elseif name == 'rerun'
    job.Rerun(one)
  elseif name == 'detach'
    job.Detach(one)
  elseif name == 'attach'
    job.Attach(one)
  elseif name == 'toggle'
    Toggle(one)
  elseif name == 'dispose'
    jobs.Dispose(one)
  elseif name == 'log'
    Log(one)
  endif
enddef
