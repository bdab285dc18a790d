vim9script
# The one server of this editor: started at first use, checked, and started again after it died.
#
# Requests that come while it starts wait for it in their order.

import './config.vim'
import './connection.vim'
import './constants.vim'
import './lookup.vim'
import './notices.vim'

# Empty where there is none; so is `description` until the server has said hello.
var current: dict<any> = {}
var description: dict<any> = {}
var queue: list<list<any>> = []
# While it is looked for, timers and keys act, and may want it, too.
var starting = false
var inherited: dict<string> = {}
var stderr: list<string> = []
var OnNotification: func = (method, params) => 0
var OnLost: func = (how) => 0

# Who is told what the server says, by (method, params), and that it died, by (how).
export def Listen(Notification: func, Lost: func)
  OnNotification = Notification
  OnLost = Lost
enddef

# The environment that the server was started in, and so what jobs inherit.
export def Environment(): dict<string>
  return empty(inherited) ? environ() : inherited
enddef

# What runs: `cmd`, `how`, `version`, `protocol`, `containment`; empty where nothing does.
export def Description(): dict<any>
  return description
enddef

# The last lines that it said on stderr.
export def Stderr(): list<string>
  return stderr
enddef

def AnswerQueue(problem = '')
  final waiting = queue
  queue = []
  for [method, params, Callback] in waiting
    if !empty(problem)
      call(Callback, [{message: problem, kind: 'ServerUnavailable'}, v:null])
    elseif !empty(current)
      connection.Request(current, method, params, Callback)
    endif
  endfor
enddef

# What the server says of itself as a pipe-rpc; empty where it is none.
def Experimental(result: any): dict<any>
  var at: any = result
  for name in ['capabilities', 'experimental', 'pipeRpc']
    at = type(at) == v:t_dict ? get(at, name) : 0
  endfor
  return type(at) == v:t_dict ? at : {}
enddef

# Empty, or what is wrong with the answer to `initialize`.
def Mismatch(result: any): string
  final experimental = Experimental(result)
  if empty(experimental)
    return 'it answers, but it is no pipe-rpc: mend the setting cmd'
  endif
  final spoken: any = get(experimental, 'protocolVersion')
  final wanted = constants.PROTOCOL_VERSION
  if spoken == wanted
    return ''
  endif
  final older = type(spoken) == v:t_number && spoken < wanted
  final what = older ? 'the server' : 'the plugin'
  return printf('it speaks version %s of the protocol and this plugin version %d: update %s', spoken, wanted, what)
enddef

# Say hello to a server that was started. `Done` gets a description, or an empty one and a sentence, once.
def Greet(started: dict<any>, found: dict<any>, Done: func)
  final settings = config.Get()
  var answered = false
  def Finish(described: dict<any>, problem: string)
    if !answered
      answered = true
      call(Done, [described, empty(problem) ? '' : join(found.cmd) .. ': ' .. problem])
    endif
  enddef
  final advice = 'it said nothing for %s s; try it in a shell, or raise start_timeout_ms'
  final late = printf(advice, settings.start_timeout_ms / 1000.0)
  timer_start(settings.start_timeout_ms, (_) => Finish({}, late))
  def Answered(error: dict<any>, result: any)
    final problem = empty(error) ? Mismatch(result) : error.message
    if !empty(problem)
      Finish({}, problem)
      return
    endif
    connection.Notify(started, 'initialized', {})
    final experimental = Experimental(result)
    Finish({
      cmd: found.cmd,
      how: found.how,
      version: result.serverInfo.version,
      protocol: experimental.protocolVersion,
      containment: get(experimental, 'containment', 'group'),
    }, '')
  enddef
  connection.Request(started, 'initialize', {
    processId: getpid(),
    capabilities: {},
    clientInfo: {name: 'Vim', version: printf('%d.%d', v:version / 100, v:version % 100)},
    initializationOptions: {graceMs: settings.grace_ms},
  }, Answered)
enddef

def Hear(message: dict<any>)
  if has_key(message, 'error')
    notices.Complain('the server says: ' .. message.error.message)
  elseif !has_key(message, 'id')
    call(OnNotification, [message.method, get(message, 'params', {})])
  endif
enddef

# Returns a sentence where it could not be started.
def Start(): string
  final found = lookup.Find()
  if has_key(found, 'problem')
    return found.problem
  endif
  inherited = environ()
  var started: dict<any> = {}
  started = connection.Start(found.cmd, {
    Said: Hear,
    Ended: (how) => {
      if current is started
        current = {}
        description = {}
        call(OnLost, [how])
      endif
    },
  })
  if !empty(started.problem)
    return started.problem
  endif
  current = started
  stderr = started.stderr
  Greet(started, found, (described, wrong) => {
    if current isnot started
      return
    endif
    description = described
    if !empty(wrong)
      current = {}
      connection.Terminate(started)
    endif
    AnswerQueue(wrong)
  })
  return ''
enddef

# Send a request, after starting the server where none runs. `Callback` is called exactly once, later, with an error,
# or an empty one and the result.
export def Request(method: string, params: any, Callback: func)
  if !empty(current) && !empty(description)
    connection.Request(current, method, params, Callback)
    return
  endif
  add(queue, [method, params, Callback])
  if !empty(current) || starting
    return
  endif
  starting = true
  var problem = ''
  try
    problem = Start()
  finally
    starting = false
  endtry
  if !empty(problem)
    timer_start(0, (_) => AnswerQueue(problem))
  endif
enddef
