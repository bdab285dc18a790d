vim9script
# Background jobs through a pipe-rpc server: what a vimrc or another plugin may call, see |pipe-rpc-functions|.
#
# Loading this loads nothing else, so that a status line may call it before the first job.

# Start a job, show its output, and return its number. A list is an argv, a string a line for the shell.
export def Run(what: any): number
  return pipe_rpc#api#Run(what)
enddef

# What is known of a job: `job` (its number), `name`, `state`, `active`, `failed`, `exit` and more.
export def Info(number: number): dict<any>
  return pipe_rpc#api#Info(number)
enddef

# The same of all jobs, oldest first.
export def Jobs(): list<dict<any>>
  return pipe_rpc#api#Jobs()
enddef

# Run a job again.
export def Rerun(number: number)
  pipe_rpc#api#Rerun(number)
enddef

# Stop a job. It is killed when its grace is over, by default the setting; 0 kills it at once.
export def Stop(number: number, grace_ms = -1)
  pipe_rpc#api#Stop(number, grace_ms)
enddef

# Write to the stdin of a job; `close` closes it behind that.
export def Write(number: number, data: string, close = false)
  pipe_rpc#api#Write(number, data, close)
enddef

# For a status line: such as "2 running, 1 failed"; empty where nothing is to be told.
export def Status(): string
  # This asks and does not load.
  return exists('*pipe_rpc#api#Status') ? pipe_rpc#api#Status() : ''
enddef
