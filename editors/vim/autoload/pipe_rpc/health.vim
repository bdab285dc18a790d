vim9script
# `:PipeRpc health`: whether everything is there, and what to do where it is not.

import './config.vim'
import './constants.vim'
# Hears what the server that is started here says.
import './jobs.vim'
import './lookup.vim'
import './notices.vim'
import './server.vim'

const NAME = 'pipe-rpc://health'
const ASKED = '...   the server is asked'

def Editor(): list<string>
  return ['OK    Vim ' .. printf('%d.%d', v:version / 100, v:version % 100)]
enddef

def Settings(): list<string>
  final problems = config.Problems()
  return empty(problems) ? ['OK    the settings are valid']
    : mapnew(problems, (_, problem) => 'ERROR ' .. problem .. ' (:help pipe-rpc-settings)')
enddef

def Heading(title: string, lines: list<string>): list<string>
  return empty(lines) ? [] : ['', title] + mapnew(lines, (_, line) => '      ' .. line)
enddef

# Show what is known at once; what the server says is added when it has come.
export def Check()
  final found = lookup.Find()
  final problem = get(found, 'problem', '')
  final where = empty(problem) ? printf('OK    server found %s: %s', found.how, join(found.cmd)) : 'ERROR ' .. problem
  Show(['pipe-rpc', ''] + Editor() + Settings() + [where, empty(problem) ? ASKED : ''])
  if empty(problem)
    server.Request(constants.METHODS.LIST, {}, (error, result) => Add(Server(error, result)))
  else
    Add([])
  endif
enddef

def Server(error: dict<any>, result: any): list<string>
  final description = server.Description()
  if !empty(error) || empty(description)
    final why = get(error, 'message', 'the server ended')
    return ['ERROR ' .. why, '      run the command in a shell to see why']
  endif
  final sessions = len(result.sessions)
  return [
    printf('OK    pipe-rpc %s, protocol %d', description.version, description.protocol),
    printf('      %d sessions, held together by %s', sessions, description.containment),
  ]
enddef

def Show(lines: list<string>)
  final window = bufwinid('^' .. NAME .. '$')
  if window > 0
    win_gotoid(window)
  else
    execute 'botright split'
    execute 'silent keepalt hide buffer' bufadd(NAME)
  endif
  setlocal buftype=nofile bufhidden=wipe noswapfile nobuflisted
  deletebufline('%', 1, '$')
  setline(1, lines)
enddef

# In the place of the line that says that it is not known yet; there is none where it was asked twice and answered once.
def Add(lines: list<string>)
  final buffer = bufnr('^' .. NAME .. '$')
  if buffer > 0 && bufloaded(buffer) && index(['', ASKED], getbufline(buffer, '$')[0]) >= 0
    deletebufline(buffer, '$')
    final said = Heading('What the server said on stderr:', server.Stderr())
    appendbufline(buffer, '$', lines + said + Heading('The last notices:', notices.All()))
    setbufvar(buffer, '&modified', 0)
  endif
enddef
