vim9script
# Carries messages between a socket and a server, through the connection of the plugin: see tests/editors/relay.py.

var server: dict<any> = {}
var unread = ''
# The ids of the connection by those of the socket.
var ids: dict<number> = {}
var over = false

# How a server may be ended, as statuses.
const SIGNALS = {SIGHUP: -1, SIGINT: -2, SIGKILL: -9, SIGTERM: -15}
var socket: channel

def Tell(message: dict<any>)
  ch_sendraw(socket, pipe_rpc#json#Encode(message) .. "\n")
enddef

# Send what came, and hand back its answer under the number that it came with.
def Carry(message: dict<any>)
  final params: any = get(message, 'params', v:none)
  if has_key(message, 'id')
    ids[message.id] = pipe_rpc#connection#Request(server, message.method, params, (error, result) => {
      Answer(message.id, error, result)
    })
  elseif message.method == '$/cancelRequest'
    pipe_rpc#connection#Notify(server, message.method, {id: get(ids, params.id, 0)})
  else
    pipe_rpc#connection#Notify(server, message.method, params)
  endif
enddef

def Answer(id: any, error: dict<any>, result: any)
  if empty(error)
    Tell({jsonrpc: '2.0', id: id, result: result})
  elseif has_key(error, 'code')
    # `kind` is the plugin's own.
    Tell({jsonrpc: '2.0', id: id, error: filter(copy(error), (name, _) => name != 'kind')})
  endif
enddef

def Receive(data: string)
  final lines = split(unread .. data, "\n", true)
  unread = remove(lines, -1)
  for line in lines
    if line == 'null'
      pipe_rpc#connection#Close(server)
    else
      Carry(json_decode(line))
    endif
  endfor
enddef

socket = ch_open('unix:' .. $PIPE_RPC_RELAY, {
  mode: 'raw',
  callback: (_, data) => Receive(data),
})
server = pipe_rpc#connection#Start(json_decode($PIPE_RPC_RELAY_SERVER), {
  Said: Tell,
  Ended: (how) => {
    Tell({ended: get(SIGNALS, matchstr(how, 'SIG\a*'), str2nr(matchstr(how, 'status \zs\d*')))})
    over = true
  },
})

while !over && ch_status(socket) == 'open'
  sleep 10m
endwhile
qall!
