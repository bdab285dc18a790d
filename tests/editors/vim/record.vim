" What tests look at, and how they reach Vim: see vim.py.

" Execute an Ex command. Returns what went wrong, or nothing.
function TestCommand(command) abort
  try
    execute a:command
    return ''
  catch
    return v:exception .. ' at ' .. v:throwpoint
  endtry
endfunction

" The value of an expression, and what went wrong.
function TestValue(expression) abort
  try
    return [eval(a:expression), '']
  catch
    return [v:null, v:exception .. ' at ' .. v:throwpoint]
  endtry
endfunction

" What the buffer of a job shows, without the empty lines at its end.
function TestOutput(job) abort
  return getbufline(pipe_rpc#Info(a:job).buffer, 1, '$')->join("\n")->substitute('\n*$', '', '')
endfunction

" A job as the plugin has it.
function TestJob(job) abort
  return pipe_rpc#jobs#Get(a:job)
endfunction

let g:test_events = []
autocmd User PipeRpc* call add(g:test_events, [expand('<amatch>'), g:pipe_rpc_event.job, g:pipe_rpc_event.state])

" The newest answer of the server about a session.
let g:test_answer = {}
function TestAsk(method, job) abort
  call pipe_rpc#server#Request(a:method, #{sessionId: TestJob(a:job).session}, {_, result -> execute('let g:test_answer = result', '')})
  return g:test_answer
endfunction

" A connection of its own. What comes of it is in `g:test_said`, `g:test_answers` and `g:test_ended`.
function TestConnect(command) abort
  let [g:test_said, g:test_answers, g:test_ended] = [[], [], []]
  let g:test_connection = pipe_rpc#connection#Start(a:command, #{
        \ Said: {message -> add(g:test_said, message)},
        \ Ended: {how -> add(g:test_ended, how)},
        \ })
endfunction

function TestRequest(method, params) abort
  call pipe_rpc#connection#Request(g:test_connection, a:method, a:params, {error, result ->
        \ add(g:test_answers, [error, result])})
endfunction

" How many seconds a call takes.
function TestTime(Call) abort
  let start = reltime()
  call a:Call()
  let g:test_took = reltimefloat(reltime(start))
endfunction

" Return once the process of that connection has ended, and Vim does not know it yet.
function TestAwaitZombie() abort
  let stat = printf('/proc/%d/stat', job_info(g:test_connection.job).process)
  while readfile(stat)[0] !~# ') Z '
  endwhile
endfunction

" Lines and spans of a text that comes in two pieces.
function TestDraw(text, cut) abort
  let terminal = pipe_rpc#terminal#New()
  let lines = [['', []]]
  for piece in [strpart(a:text, 0, a:cut), strpart(a:text, a:cut)]
    let drawn = pipe_rpc#terminal#Feed(terminal, piece)
    let lines[-1] = drawn[0]
    call extend(lines, drawn[1:])
  endfor
  return lines
endfunction

" Whether a text is drawn alike, wherever it is cut: the cuts where it is not.
function TestCuts(text) abort
  let whole = TestDraw(a:text, 0)
  return range(1, len(a:text))->filter({_, cut -> TestDraw(a:text, cut) != whole})
endfunction

" Count the bytes that a job is told to have missed from now on.
function TestCountMissed(job) abort
  let g:test_missed = 0
  let reader = TestJob(a:job).reader
  let Output = reader.Output
  let reader.Output = {data, missed -> [execute('let g:test_missed += missed', ''), Output(data, missed)]}
endfunction

" Execute a command as soon as the exit of a job is known.
function TestAtExit(job, command) abort
  while empty(TestJob(a:job).exit)
    sleep 1m
  endwhile
  execute a:command
endfunction

let s:channel = ch_open('unix:' .. $PIPE_RPC_TEST_SOCKET, #{mode: 'json'})
