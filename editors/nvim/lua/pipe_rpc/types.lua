---@meta
--- The shapes of the wire.
-- Made by `python -m tests.house.generate`; do not edit.

--- Which stream to read along, and from where.
---@class pipe_rpc.wire.AttachParams
---@field sessionId string The session.
---@field stream "stdout"|"stderr" Which output stream.
---@field steal? boolean Take the stream from the attachment that has it.
---@field fromOffset? integer The first byte wanted. Default: the oldest retained byte.
---@field encoding? "utf-8"|"base64"|"auto" Of its output. Default: the session's.

--- A new attachment.
---@class pipe_rpc.wire.AttachResult
---@field attachmentId string Names it in session/detached.
---@field offset integer The first byte that session/output will bring.
---@field missedBytes integer Bytes between the one wanted and this one, which were overwritten.

--- Both streams ended and were delivered: the last word of the session.
---@class pipe_rpc.wire.ClosedParams
---@field sessionId string The session.

--- Which stream to leave.
---@class pipe_rpc.wire.DetachParams
---@field sessionId string The session.
---@field stream "stdout"|"stderr" Which output stream.

--- Where the attachment ended.
---@class pipe_rpc.wire.DetachResult
---@field offset integer The next undelivered byte: attach from it to lose and repeat nothing.

--- An attachment ended.
---@class pipe_rpc.wire.DetachedParams
---@field sessionId string The session.
---@field stream "stdout"|"stderr" Which output stream.
---@field attachmentId string The attachment.
---@field offset integer The next byte that it would have got.
---@field reason "detached"|"stolen"|"ended"|"removed" ended: end of file, and every byte delivered.

--- Nothing: it was done.
---@class pipe_rpc.wire.Empty

--- As much of a stream as was asked for: all of it, or its beginning and its end.
---@class pipe_rpc.wire.Excerpt
---@field head string All of it, or its beginning.
---@field tail string Its end; empty where nothing was omitted.
---@field encoding "utf-8"|"base64" How head and tail are written.
---@field omittedBytes integer Raw bytes between head and tail.
---@field nextOffset integer Where to go on: every byte before it is in head or tail, or counted as omitted.

--- How a session's process ended.
---@class pipe_rpc.wire.ExitInfo
---@field exitCode integer|nil Null after a signal.
---@field signal string|nil The name of the signal that ended it, or null.
---@field coreDumped boolean Whether it left a core dump.
---@field exitedAt number When its end was seen: wall clock, Unix seconds.
---@field durationMs number From its start to its end, on a monotonic clock.
---@field outcome "naturalExit"|"softExit"|"hardKilled" naturalExit: no termination was asked for; softExit: it ended before SIGKILL was sent; hardKilled.
---@field reason "request"|"timeout"|"shutdown"|"limit"|nil Who asked for the termination, or null.
---@field usage pipe_rpc.wire.Usage What it used.
---@field processesLeft boolean|nil Whether anything that it started was running when its end was seen, also what was killed with it and had not ended yet. Null where that cannot be known: the containment is not cgroup, or descriptors had run out.

--- The process ended, and every byte that it wrote itself was delivered.
---@class pipe_rpc.wire.ExitedParams
---@field exitCode integer|nil Null after a signal.
---@field signal string|nil The name of the signal that ended it, or null.
---@field coreDumped boolean Whether it left a core dump.
---@field exitedAt number When its end was seen: wall clock, Unix seconds.
---@field durationMs number From its start to its end, on a monotonic clock.
---@field outcome "naturalExit"|"softExit"|"hardKilled" naturalExit: no termination was asked for; softExit: it ended before SIGKILL was sent; hardKilled.
---@field reason "request"|"timeout"|"shutdown"|"limit"|nil Who asked for the termination, or null.
---@field usage pipe_rpc.wire.Usage What it used.
---@field processesLeft boolean|nil Whether anything that it started was running when its end was seen, also what was killed with it and had not ended yet. Null where that cannot be known: the containment is not cgroup, or descriptors had run out.
---@field sessionId string The session.
---@field streamsOpen ("stdout"|"stderr")[] Streams that some other process still holds.

--- Which session to describe.
---@class pipe_rpc.wire.InfoParams
---@field sessionId string The session.
---@field usage? boolean Tell in usage what it uses now; that takes time for each of its processes.

--- Which sessions to list.
---@class pipe_rpc.wire.ListParams
---@field originator? string Only sessions of this originator; "" matches all.
---@field usage? boolean Tell in usage what it uses now; that takes time for each of its processes.

--- The sessions that matched, oldest first.
---@class pipe_rpc.wire.ListResult
---@field sessions pipe_rpc.wire.SessionInfo[] The sessions.

--- What a session that runs uses: with the containment cgroup all that it ever started, else its living family.
---@class pipe_rpc.wire.LiveUsage
---@field userMs number Processor time in user mode so far. Without cgroup: of the child and its descendants, as far as their parents are alive, and of the children that these have waited for.
---@field systemMs number Processor time in the kernel so far.
---@field rssBytes integer The resident sets of its processes together; what several share counts several times.
---@field processes integer How many processes of it are running.

--- A piece of output; the next one has the offset ``offset + length``.
---@class pipe_rpc.wire.OutputParams
---@field sessionId string The session.
---@field stream "stdout"|"stderr" Which output stream.
---@field offset integer Of the first byte in data.
---@field length integer Raw bytes in data.
---@field data string The bytes.
---@field encoding "utf-8"|"base64" How data is written.
---@field seq integer Orders the output of both streams as it was read: by seq, and pieces of the same seq by offset. The order of output that waits behind more than maxReadRuns changes of the stream is told in coarser steps.
---@field timeMs number When it was read: milliseconds since the spawn, on a monotonic clock.
---@field missedBytes? integer Bytes overwritten right before offset. Default: none were.

--- Which sessions to forget.
---@class pipe_rpc.wire.PurgeParams
---@field originator? string Only sessions of this originator; "" matches all.

--- How many were forgotten.
---@class pipe_rpc.wire.PurgeResult
---@field purged integer Closed sessions that matched.

--- What to read from a ring.
---@class pipe_rpc.wire.ReadParams
---@field sessionId string The session.
---@field stream "stdout"|"stderr" Which output stream.
---@field fromOffset? integer The first byte wanted. Default: the oldest retained byte.
---@field maxBytes? integer Raw bytes at most, up to maxReadBytes. Default: defaultReadBytes.
---@field waitMs? number How long to wait where there is nothing new, in milliseconds.
---@field encoding? "utf-8"|"base64"|"auto" Of the data. Default: the session's.

--- A piece of a ring.
---@class pipe_rpc.wire.ReadResult
---@field offset integer Of the first byte in data.
---@field length integer Raw bytes in data.
---@field data string The bytes.
---@field encoding "utf-8"|"base64" How data is written.
---@field missedBytes integer Bytes between the one wanted and offset, which were overwritten.
---@field nextOffset integer Where to go on.
---@field ended boolean Whether nothing will ever follow.

--- Which session to forget.
---@class pipe_rpc.wire.RemoveParams
---@field sessionId string The session.
---@field force? boolean Kill it first if it is running.

--- What to run, and how much to tell of it.
---@class pipe_rpc.wire.RunParams
---@field argv string[] The program and its arguments, executed without a shell; argv[0] is looked up in the child's PATH.
---@field cwd? string The child's working directory. Default: the server's.
---@field env? table<string, string|nil> Laid over the inherited environment; null removes a name.
---@field inheritEnv? true|false|"minimal" False: start from an empty environment. "minimal": from what a program needs to run and to be told where and who it is.
---@field envFile? string The absolute path of a dotenv file that is read now: laid over the inherited environment, and under env. Values are taken as they stand, without interpolation. Default: none.
---@field rlimits? table<string, integer> Resource limits, soft and hard alike, in the units of setrlimit(2): as, fsize and core in bytes, cpu in seconds. Each up to the server's own hard limit; those that are left out stay the original ones.
---@field nice? integer Added to the niceness, so that others go first when processors are short.
---@field originator? string A tag for listing, purging and bulk termination. Default: the connection's.
---@field command? string What to show for it. Default: argv quoted as a shell would.
---@field mergeStderr? boolean stderr is the same pipe as stdout, in true order; the stream stderr is then unavailable.
---@field encoding? "utf-8"|"base64"|"auto" Of its output: "auto" is text where the bytes are UTF-8, else base64. Default: the connection's.
---@field overflow? "block"|"dropOldest" While attached and the client reads too slowly: pause reading from the child, or let the ring drop.
---@field backlogBytes? integer The ring of each stream, from minBacklogBytes to maxBacklogBytes. Default: defaultBacklogBytes.
---@field timeoutMs? number Wall-clock limit in milliseconds; then it is terminated, with exit.reason "timeout". Default: no limit.
---@field graceMs? number Its grace in milliseconds for time-out, termination and shutdown. Default: the connection's.
---@field tee? table<string, pipe_rpc.wire.TeeTarget> Files that streams go into as well, from their first byte on; see session/tee.
---@field sessionId? string An id of the client's choice, so that the request can be repeated, and others sent behind it before the answer. Default: the server makes one.
---@field stdin? "pipe"|"null" "null": the child reads input and then end-of-file; "pipe" leaves stdin open for session/write.
---@field attach? ("stdout"|"stderr")[] Streams whose output is told as it comes, too. Default: none.
---@field input? string What the child reads first. Default: nothing.
---@field inputEncoding? "utf-8"|"base64" How input is written.
---@field yieldMs? number Answer after so long if it still runs, in milliseconds. Default: when it exits.
---@field maxOutputBytes? integer Raw bytes told of each stream, half of them from its beginning; up to maxReadBytes. Default: defaultReadBytes.

--- What came of a command so far.
---@class pipe_rpc.wire.RunResult
---@field sessionId string The session.
---@field running boolean Whether it runs still: go on with session/read, session/wait and the others.
---@field exit pipe_rpc.wire.ExitInfo|nil How it ended; null while it runs.
---@field stdout pipe_rpc.wire.Excerpt Of its stdout.
---@field stderr pipe_rpc.wire.Excerpt|nil Of its stderr; null where it is merged.

--- A session as it is now.
---@class pipe_rpc.wire.SessionInfo
---@field sessionId string The session.
---@field pid integer The process id of the child, which is also its process group.
---@field state "running"|"terminating"|"killing"|"exited" Where the process is in its life.
---@field command string What to show for it.
---@field argv string[] The program and its arguments.
---@field cwd string The working directory it was started in.
---@field originator string Its tag.
---@field createdAt number Wall clock, Unix seconds.
---@field mergeStderr boolean Whether stderr goes into stdout.
---@field containment "cgroup"|"subreaper"|"group" What ends with it at the hard end. cgroup: everything that it ever started, wherever that went. subreaper: its process group and the jobs of its kernel session; what left these ends with the server. group: its process group alone.
---@field stdin pipe_rpc.wire.StdinInfo Its stdin.
---@field stdout pipe_rpc.wire.StreamInfo Its stdout.
---@field stderr pipe_rpc.wire.StreamInfo|nil Its stderr; null where it is merged.
---@field exit pipe_rpc.wire.ExitInfo|nil Null until it has exited.
---@field usage pipe_rpc.wire.LiveUsage|nil What it uses now; null where the request does not ask for it, where it has exited, and where nobody can know.

--- Which signal to send to a session's process group.
---@class pipe_rpc.wire.SignalParams
---@field sessionId string The session.
---@field signal string A name such as "SIGINT".

--- What to run, and how.
---@class pipe_rpc.wire.SpawnParams
---@field argv string[] The program and its arguments, executed without a shell; argv[0] is looked up in the child's PATH.
---@field cwd? string The child's working directory. Default: the server's.
---@field env? table<string, string|nil> Laid over the inherited environment; null removes a name.
---@field inheritEnv? true|false|"minimal" False: start from an empty environment. "minimal": from what a program needs to run and to be told where and who it is.
---@field envFile? string The absolute path of a dotenv file that is read now: laid over the inherited environment, and under env. Values are taken as they stand, without interpolation. Default: none.
---@field rlimits? table<string, integer> Resource limits, soft and hard alike, in the units of setrlimit(2): as, fsize and core in bytes, cpu in seconds. Each up to the server's own hard limit; those that are left out stay the original ones.
---@field nice? integer Added to the niceness, so that others go first when processors are short.
---@field originator? string A tag for listing, purging and bulk termination. Default: the connection's.
---@field command? string What to show for it. Default: argv quoted as a shell would.
---@field mergeStderr? boolean stderr is the same pipe as stdout, in true order; the stream stderr is then unavailable.
---@field stdin? "pipe"|"null" "null": the child reads end-of-file at once.
---@field attach? ("stdout"|"stderr")[] Streams attached from offset 0 before the child runs; [] for none. Default: every stream.
---@field encoding? "utf-8"|"base64"|"auto" Of its output: "auto" is text where the bytes are UTF-8, else base64. Default: the connection's.
---@field overflow? "block"|"dropOldest" While attached and the client reads too slowly: pause reading from the child, or let the ring drop.
---@field backlogBytes? integer The ring of each stream, from minBacklogBytes to maxBacklogBytes. Default: defaultBacklogBytes.
---@field timeoutMs? number Wall-clock limit in milliseconds; then it is terminated, with exit.reason "timeout". Default: no limit.
---@field graceMs? number Its grace in milliseconds for time-out, termination and shutdown. Default: the connection's.
---@field tee? table<string, pipe_rpc.wire.TeeTarget> Files that streams go into as well, from their first byte on; see session/tee.
---@field sessionId? string An id of the client's choice, so that the request can be repeated, and others sent behind it before the answer. Default: the server makes one.

--- A child's stdin.
---@class pipe_rpc.wire.StdinInfo
---@field open boolean Whether a write would be accepted.
---@field pendingBytes integer Bytes that wait for the child to read.

--- An output stream; offsets are absolute and start at 0.
---@class pipe_rpc.wire.StreamInfo
---@field startOffset integer The oldest retained byte.
---@field endOffset integer The offset behind the newest byte.
---@field missedBytes integer Bytes that were overwritten before any attachment got them.
---@field attached boolean Whether it has an attachment.
---@field attachmentId string|nil Its attachment.
---@field ended boolean Whether the end of file was read.

--- A stream goes into its file no more; the session and the stream go on.
---@class pipe_rpc.wire.TeeErrorParams
---@field sessionId string The session.
---@field stream "stdout"|"stderr" Which output stream.
---@field path string The file.
---@field offset integer Every byte before it is in the file, from where the tee was set.
---@field errno string Why: a name such as "ENOSPC"; "ETIMEDOUT" where the file took nothing for teeStallMs.
---@field message string The same for people.

--- Which stream goes into which file.
---@class pipe_rpc.wire.TeeParams
---@field sessionId string The session.
---@field stream "stdout"|"stderr" Which output stream.
---@field path string An absolute path.
---@field mode? "append"|"truncate" What becomes of what is in the file already.

--- Where the file begins or ends.
---@class pipe_rpc.wire.TeeResult
---@field offset integer session/tee: of the first byte that goes into the file; session/untee: behind the last one.

--- The file that a stream goes into.
---@class pipe_rpc.wire.TeeTarget
---@field path string An absolute path.
---@field mode? "append"|"truncate" What becomes of what is in the file already.

--- Which sessions to end, and how patiently.
---@class pipe_rpc.wire.TerminateAllParams
---@field originator? string Only sessions of this originator; "" matches all.
---@field olderThanMs? number Only sessions that are at least so old, in milliseconds.
---@field graceMs? number Milliseconds from SIGTERM to SIGKILL; 0 kills at once. At most maxGraceMs counts. Default: the session's own.

--- How many were asked to end.
---@class pipe_rpc.wire.TerminateAllResult
---@field terminated integer Running sessions that matched.

--- Which session to end, and how patiently.
---@class pipe_rpc.wire.TerminateParams
---@field sessionId string The session.
---@field graceMs? number Milliseconds from SIGTERM to SIGKILL; 0 kills at once. At most maxGraceMs counts. Default: the session's own.

--- Which stream goes into a file no more.
---@class pipe_rpc.wire.UnteeParams
---@field sessionId string The session.
---@field stream "stdout"|"stderr" Which output stream.

--- Resources that the process and the children it waited for used.
---@class pipe_rpc.wire.Usage
---@field userMs number Processor time in user mode.
---@field systemMs number Processor time in the kernel.
---@field maxRssBytes integer The largest resident set; not less than the server's own, where a child begins.

--- What to look for in a stream: a pattern or a literal.
---@class pipe_rpc.wire.WaitForParams
---@field sessionId string The session.
---@field stream "stdout"|"stderr" Which output stream.
---@field pattern? string In RE2's syntax; ^ and $ match at lines. Default: literal says it.
---@field literal? string The text itself. Default: pattern says it.
---@field fromOffset? integer Where the search begins. Default: the oldest retained byte.
---@field idleMs? number Give up when the stream has brought nothing for so long, in milliseconds. Default: never.
---@field timeoutMs? number How long to wait at most, in milliseconds; 0 looks at what is there. Default: no limit.

--- What was found, or why nothing was.
---@class pipe_rpc.wire.WaitForResult
---@field matched boolean Whether it was found.
---@field reason "timeout"|"idle"|"exited"|"ended"|nil Null where it was found. exited: the child has exited, and all that it wrote was searched; ended: the stream has, before the child.
---@field offset integer|nil Of the first byte of the match.
---@field length integer Raw bytes of the match.
---@field text string The match; bytes that are not UTF-8 are U+FFFD.
---@field groups (string|nil)[] What the groups of the pattern took; null where one took no part.
---@field named table<string, string|nil> The same of the groups that have names.
---@field nextOffset integer Where to go on: behind the match, or where one could still begin.
---@field missedBytes integer Bytes that were overwritten before they could be searched.

--- What to wait for.
---@class pipe_rpc.wire.WaitParams
---@field sessionId string The session.
---@field until? "exited"|"closed" Which event ends the wait.
---@field timeoutMs? number How long to wait at most, in milliseconds. Default: no limit.

--- How the wait ended.
---@class pipe_rpc.wire.WaitResult
---@field exit pipe_rpc.wire.ExitInfo|nil Null: the time ran out.

--- What to write to a child's stdin.
---@class pipe_rpc.wire.WriteParams
---@field sessionId string The session.
---@field data? string The text, or the bytes in base64.
---@field encoding? "utf-8"|"base64" How data is written.
---@field close? boolean Close stdin after the bytes.

--- Every byte has entered the child's pipe.
---@class pipe_rpc.wire.WriteResult
---@field bytesWritten integer How many.
