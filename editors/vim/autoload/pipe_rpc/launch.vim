vim9script
# What the server is told when a job starts.

import './config.vim'
import './reader.vim'
import './server.vim'
import './text.vim'

# What differs from the server's own environment, which jobs inherit: what the editor was told since, say by a direnv,
# what the settings say, and what the job wants. v:null removes a name.
def Environment(spec: dict<any>): dict<any>
  final settings = config.Get()
  var wanted: dict<any> = environ()
  if settings.color && !has_key(wanted, 'NO_COLOR')
    extend(wanted, {FORCE_COLOR: '1', CLICOLOR_FORCE: '1'}, 'keep')
  endif
  extend(wanted, settings.env)->extend(get(spec, 'env', {}))
  final inherited = server.Environment()
  var changes: dict<any> = {}
  for [name, value] in items(wanted)
    if type(value) == v:t_none
      changes[name] = v:null
      continue
    endif
    # A number is meant as it is written.
    final wish = type(value) == v:t_string ? value : string(value)
    if get(inherited, name, v:null) != wish && text.IsUtf8(wish)
      changes[name] = wish
    endif
  endfor
  for name in keys(inherited)
    if !has_key(wanted, name)
      changes[name] = v:null
    endif
  endfor
  return changes
enddef

def Argv(spec: dict<any>): list<string>
  return has_key(spec, 'argv') ? spec.argv : split(&shell .. ' ' .. &shellcmdflag) + [spec.shell]
enddef

# The params of `session/spawn`. No stream is attached: output is asked for, see reader.vim.
export def Params(job: dict<any>): dict<any>
  final spec: dict<any> = job.spec
  var params: dict<any> = {
    sessionId: job.session,
    argv: Argv(spec),
    command: job.name,
    cwd: spec.cwd,
    env: Environment(spec),
    mergeStderr: true,
    attach: [],
    backlogBytes: reader.BACKLOG_BYTES,
    graceMs: config.Get().grace_ms,
  }
  if has_key(spec, 'timeout_ms')
    params.timeoutMs = spec.timeout_ms
  endif
  if has_key(spec, 'tee')
    params.tee = {stdout: {path: spec.tee}}
  endif
  return params
enddef
