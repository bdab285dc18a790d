vim9script
# Finds the server: the setting `cmd`, else `pipe-rpc` on PATH, else a module of `python3`, else `uvx`.

import './config.vim'

# How long python3 may take to tell whether it has the module; longer means that something else is wrong.
const PYTHON_TIMEOUT_MS = 5000
const POLL_MS = 10

# `-P`: what lies in the working directory is not asked. Python learnt it in 3.11, which pipe-rpc needs anyway.
const HAS_MODULE = "import importlib.util, sys; sys.exit(importlib.util.find_spec('pipe_rpc') is None)"

def PythonHasIt(): bool
  if !executable('python3')
    return false
  endif
  final job = job_start(['python3', '-P', '-c', HAS_MODULE], {in_io: 'null', out_io: 'null', err_io: 'null'})
  var left = PYTHON_TIMEOUT_MS / POLL_MS
  while job_status(job) == 'run' && left > 0
    execute 'sleep' POLL_MS .. 'm'
    left -= 1
  endwhile
  job_stop(job, 'kill')
  return job_status(job) == 'dead' && job_info(job).exitval == 0
enddef

# `cmd`, the command that starts the server, and `how` it was found; or `problem`, a sentence that says what to do.
export def Find(): dict<any>
  final configured: list<string> = config.Get().cmd
  if !empty(configured)
    if executable(configured[0])
      return {cmd: configured, how: 'by the setting cmd'}
    endif
    final advice = 'the setting cmd names %s, which is no executable program: mend or remove it'
    return {problem: printf(advice, configured[0])}
  elseif executable('pipe-rpc')
    return {cmd: ['pipe-rpc', '--stdio'], how: 'on PATH'}
  elseif PythonHasIt()
    return {cmd: ['python3', '-P', '-m', 'pipe_rpc', '--stdio'], how: 'as a module of python3'}
  elseif executable('uvx')
    return {cmd: ['uvx', 'pipe-rpc', '--stdio'], how: 'by uvx, which downloads it where needed'}
  endif
  final advice = 'the server was not found: run `pipx install pipe-rpc`, or set cmd to where it is'
  return {problem: advice .. ' (:help pipe-rpc-server)'}
enddef
