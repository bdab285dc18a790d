// The names, numbers and shapes of the wire.
// Made by `python -m tests.house.generate`; do not edit.

export const PROTOCOL_VERSION = 1;

/** What each code of an error is called. */
export const KINDS: Readonly<Partial<Record<number, string>>> = {
  "-32700": "ParseError",
  "-32600": "InvalidRequest",
  "-32601": "MethodNotFound",
  "-32602": "InvalidParams",
  "-32603": "InternalError",
  "-32002": "ServerNotInitialized",
  "-32800": "RequestCancelled",
  1001: "SessionNotFound",
  1002: "SpawnFailed",
  1003: "AlreadyAttached",
  1004: "NotAttached",
  1005: "StreamUnavailable",
  1006: "StdinClosed",
  1007: "StdinFull",
  1008: "SessionRunning",
  1009: "LimitExceeded",
  1010: "OffsetOutOfRange",
  1011: "SignalFailed",
  1012: "TeeFailed",
  1013: "AlreadyTeed",
  1014: "NotTeed",
};

/** The params and the answer of each request. */
export interface Requests {
  "session/spawn": { params: SpawnParams; result: SessionInfo };
  "session/run": { params: RunParams; result: RunResult };
  "session/attach": { params: AttachParams; result: AttachResult };
  "session/detach": { params: DetachParams; result: DetachResult };
  "session/read": { params: ReadParams; result: ReadResult };
  "session/write": { params: WriteParams; result: WriteResult };
  "session/signal": { params: SignalParams; result: Empty };
  "session/terminate": { params: TerminateParams; result: Empty };
  "session/terminateAll": { params: TerminateAllParams; result: TerminateAllResult };
  "session/wait": { params: WaitParams; result: WaitResult };
  "session/waitFor": { params: WaitForParams; result: WaitForResult };
  "session/tee": { params: TeeParams; result: TeeResult };
  "session/untee": { params: UnteeParams; result: TeeResult };
  "session/info": { params: InfoParams; result: SessionInfo };
  "session/list": { params: ListParams; result: ListResult };
  "session/remove": { params: RemoveParams; result: Empty };
  "session/purge": { params: PurgeParams; result: PurgeResult };
}

/** The params of each notification. */
export interface Notifications {
  "session/output": OutputParams;
  "session/detached": DetachedParams;
  "session/teeError": TeeErrorParams;
  "session/exited": ExitedParams;
  "session/closed": ClosedParams;
}

/** Which stream to read along, and from where. */
export interface AttachParams {
  /** The session. */
  sessionId: string;
  /** Which output stream. */
  stream: "stdout" | "stderr";
  /** Take the stream from the attachment that has it. */
  steal?: boolean;
  /** The first byte wanted. Default: the oldest retained byte. */
  fromOffset?: number;
  /** Of its output. Default: the session's. */
  encoding?: "utf-8" | "base64" | "auto";
}

/** A new attachment. */
export interface AttachResult {
  /** Names it in session/detached. */
  attachmentId: string;
  /** The first byte that session/output will bring. */
  offset: number;
  /** Bytes between the one wanted and this one, which were overwritten. */
  missedBytes: number;
}

/** Both streams ended and were delivered: the last word of the session. */
export interface ClosedParams {
  /** The session. */
  sessionId: string;
}

/** Which stream to leave. */
export interface DetachParams {
  /** The session. */
  sessionId: string;
  /** Which output stream. */
  stream: "stdout" | "stderr";
}

/** Where the attachment ended. */
export interface DetachResult {
  /** The next undelivered byte: attach from it to lose and repeat nothing. */
  offset: number;
}

/** An attachment ended. */
export interface DetachedParams {
  /** The session. */
  sessionId: string;
  /** Which output stream. */
  stream: "stdout" | "stderr";
  /** The attachment. */
  attachmentId: string;
  /** The next byte that it would have got. */
  offset: number;
  /** ended: end of file, and every byte delivered. */
  reason: "detached" | "stolen" | "ended" | "removed";
}

/** Nothing: it was done. */
export type Empty = Record<string, never>;

/** As much of a stream as was asked for: all of it, or its beginning and its end. */
export interface Excerpt {
  /** All of it, or its beginning. */
  head: string;
  /** Its end; empty where nothing was omitted. */
  tail: string;
  /** How head and tail are written. */
  encoding: "utf-8" | "base64";
  /** Raw bytes between head and tail. */
  omittedBytes: number;
  /** Where to go on: every byte before it is in head or tail, or counted as omitted. */
  nextOffset: number;
}

/** How a session's process ended. */
export interface ExitInfo {
  /** Null after a signal. */
  exitCode: number | null;
  /** The name of the signal that ended it, or null. */
  signal: string | null;
  /** Whether it left a core dump. */
  coreDumped: boolean;
  /** When its end was seen: wall clock, Unix seconds. */
  exitedAt: number;
  /** From its start to its end, on a monotonic clock. */
  durationMs: number;
  /** naturalExit: no termination was asked for; softExit: it ended before SIGKILL was sent; hardKilled. */
  outcome: "naturalExit" | "softExit" | "hardKilled";
  /** Who asked for the termination, or null. */
  reason: "request" | "timeout" | "shutdown" | "limit" | null;
  /** What it used. */
  usage: Usage;
  /** Whether anything that it started was running when its end was seen, also what was killed with it and had not ended yet. Null where that cannot be known: the containment is not cgroup, or descriptors had run out. */
  processesLeft: boolean | null;
}

/** The process ended, and every byte that it wrote itself was delivered. */
export interface ExitedParams {
  /** Null after a signal. */
  exitCode: number | null;
  /** The name of the signal that ended it, or null. */
  signal: string | null;
  /** Whether it left a core dump. */
  coreDumped: boolean;
  /** When its end was seen: wall clock, Unix seconds. */
  exitedAt: number;
  /** From its start to its end, on a monotonic clock. */
  durationMs: number;
  /** naturalExit: no termination was asked for; softExit: it ended before SIGKILL was sent; hardKilled. */
  outcome: "naturalExit" | "softExit" | "hardKilled";
  /** Who asked for the termination, or null. */
  reason: "request" | "timeout" | "shutdown" | "limit" | null;
  /** What it used. */
  usage: Usage;
  /** Whether anything that it started was running when its end was seen, also what was killed with it and had not ended yet. Null where that cannot be known: the containment is not cgroup, or descriptors had run out. */
  processesLeft: boolean | null;
  /** The session. */
  sessionId: string;
  /** Streams that some other process still holds. */
  streamsOpen: ("stdout" | "stderr")[];
}

/** Which session to describe. */
export interface InfoParams {
  /** The session. */
  sessionId: string;
  /** Tell in usage what it uses now; that takes time for each of its processes. */
  usage?: boolean;
}

/** Which sessions to list. */
export interface ListParams {
  /** Only sessions of this originator; "" matches all. */
  originator?: string;
  /** Tell in usage what it uses now; that takes time for each of its processes. */
  usage?: boolean;
}

/** The sessions that matched, oldest first. */
export interface ListResult {
  /** The sessions. */
  sessions: SessionInfo[];
}

/** What a session that runs uses: with the containment cgroup all that it ever started, else its living family. */
export interface LiveUsage {
  /** Processor time in user mode so far. Without cgroup: of the child and its descendants, as far as their parents are alive, and of the children that these have waited for. */
  userMs: number;
  /** Processor time in the kernel so far. */
  systemMs: number;
  /** The resident sets of its processes together; what several share counts several times. */
  rssBytes: number;
  /** How many processes of it are running. */
  processes: number;
}

/** A piece of output; the next one has the offset ``offset + length``. */
export interface OutputParams {
  /** The session. */
  sessionId: string;
  /** Which output stream. */
  stream: "stdout" | "stderr";
  /** Of the first byte in data. */
  offset: number;
  /** Raw bytes in data. */
  length: number;
  /** The bytes. */
  data: string;
  /** How data is written. */
  encoding: "utf-8" | "base64";
  /** Orders the output of both streams as it was read: by seq, and pieces of the same seq by offset. The order of output that waits behind more than maxReadRuns changes of the stream is told in coarser steps. */
  seq: number;
  /** When it was read: milliseconds since the spawn, on a monotonic clock. */
  timeMs: number;
  /** Bytes overwritten right before offset. Default: none were. */
  missedBytes?: number;
}

/** Which sessions to forget. */
export interface PurgeParams {
  /** Only sessions of this originator; "" matches all. */
  originator?: string;
}

/** How many were forgotten. */
export interface PurgeResult {
  /** Closed sessions that matched. */
  purged: number;
}

/** What to read from a ring. */
export interface ReadParams {
  /** The session. */
  sessionId: string;
  /** Which output stream. */
  stream: "stdout" | "stderr";
  /** The first byte wanted. Default: the oldest retained byte. */
  fromOffset?: number;
  /** Raw bytes at most, up to maxReadBytes. Default: defaultReadBytes. */
  maxBytes?: number;
  /** How long to wait where there is nothing new, in milliseconds. */
  waitMs?: number;
  /** Of the data. Default: the session's. */
  encoding?: "utf-8" | "base64" | "auto";
}

/** A piece of a ring. */
export interface ReadResult {
  /** Of the first byte in data. */
  offset: number;
  /** Raw bytes in data. */
  length: number;
  /** The bytes. */
  data: string;
  /** How data is written. */
  encoding: "utf-8" | "base64";
  /** Bytes between the one wanted and offset, which were overwritten. */
  missedBytes: number;
  /** Where to go on. */
  nextOffset: number;
  /** Whether nothing will ever follow. */
  ended: boolean;
}

/** Which session to forget. */
export interface RemoveParams {
  /** The session. */
  sessionId: string;
  /** Kill it first if it is running. */
  force?: boolean;
}

/** What to run, and how much to tell of it. */
export interface RunParams {
  /** The program and its arguments, executed without a shell; argv[0] is looked up in the child's PATH. */
  argv: string[];
  /** The child's working directory. Default: the server's. */
  cwd?: string;
  /** Laid over the inherited environment; null removes a name. */
  env?: Record<string, string | null>;
  /** False: start from an empty environment. "minimal": from what a program needs to run and to be told where and who it is. */
  inheritEnv?: true | false | "minimal";
  /** The absolute path of a dotenv file that is read now: laid over the inherited environment, and under env. Values are taken as they stand, without interpolation. Default: none. */
  envFile?: string;
  /** Resource limits, soft and hard alike, in the units of setrlimit(2): as, fsize and core in bytes, cpu in seconds. Each up to the server's own hard limit; those that are left out stay the original ones. */
  rlimits?: Record<string, number>;
  /** Added to the niceness, so that others go first when processors are short. */
  nice?: number;
  /** A tag for listing, purging and bulk termination. Default: the connection's. */
  originator?: string;
  /** What to show for it. Default: argv quoted as a shell would. */
  command?: string;
  /** stderr is the same pipe as stdout, in true order; the stream stderr is then unavailable. */
  mergeStderr?: boolean;
  /** Of its output: "auto" is text where the bytes are UTF-8, else base64. Default: the connection's. */
  encoding?: "utf-8" | "base64" | "auto";
  /** While attached and the client reads too slowly: pause reading from the child, or let the ring drop. */
  overflow?: "block" | "dropOldest";
  /** The ring of each stream, from minBacklogBytes to maxBacklogBytes. Default: defaultBacklogBytes. */
  backlogBytes?: number;
  /** Wall-clock limit in milliseconds; then it is terminated, with exit.reason "timeout". Default: no limit. */
  timeoutMs?: number;
  /** Its grace in milliseconds for time-out, termination and shutdown. Default: the connection's. */
  graceMs?: number;
  /** Files that streams go into as well, from their first byte on; see session/tee. */
  tee?: Record<string, TeeTarget>;
  /** An id of the client's choice, so that the request can be repeated, and others sent behind it before the answer. Default: the server makes one. */
  sessionId?: string;
  /** "null": the child reads input and then end-of-file; "pipe" leaves stdin open for session/write. */
  stdin?: "pipe" | "null";
  /** Streams whose output is told as it comes, too. Default: none. */
  attach?: ("stdout" | "stderr")[];
  /** What the child reads first. Default: nothing. */
  input?: string;
  /** How input is written. */
  inputEncoding?: "utf-8" | "base64";
  /** Answer after so long if it still runs, in milliseconds. Default: when it exits. */
  yieldMs?: number;
  /** Raw bytes told of each stream, half of them from its beginning; up to maxReadBytes. Default: defaultReadBytes. */
  maxOutputBytes?: number;
}

/** What came of a command so far. */
export interface RunResult {
  /** The session. */
  sessionId: string;
  /** Whether it runs still: go on with session/read, session/wait and the others. */
  running: boolean;
  /** How it ended; null while it runs. */
  exit: ExitInfo | null;
  /** Of its stdout. */
  stdout: Excerpt;
  /** Of its stderr; null where it is merged. */
  stderr: Excerpt | null;
}

/** A session as it is now. */
export interface SessionInfo {
  /** The session. */
  sessionId: string;
  /** The process id of the child, which is also its process group. */
  pid: number;
  /** Where the process is in its life. */
  state: "running" | "terminating" | "killing" | "exited";
  /** What to show for it. */
  command: string;
  /** The program and its arguments. */
  argv: string[];
  /** The working directory it was started in. */
  cwd: string;
  /** Its tag. */
  originator: string;
  /** Wall clock, Unix seconds. */
  createdAt: number;
  /** Whether stderr goes into stdout. */
  mergeStderr: boolean;
  /** What ends with it at the hard end. cgroup: everything that it ever started, wherever that went. subreaper: its process group and the jobs of its kernel session; what left these ends with the server. group: its process group alone. */
  containment: "cgroup" | "subreaper" | "group";
  /** Its stdin. */
  stdin: StdinInfo;
  /** Its stdout. */
  stdout: StreamInfo;
  /** Its stderr; null where it is merged. */
  stderr: StreamInfo | null;
  /** Null until it has exited. */
  exit: ExitInfo | null;
  /** What it uses now; null where the request does not ask for it, where it has exited, and where nobody can know. */
  usage: LiveUsage | null;
}

/** Which signal to send to a session's process group. */
export interface SignalParams {
  /** The session. */
  sessionId: string;
  /** A name such as "SIGINT". */
  signal: string;
}

/** What to run, and how. */
export interface SpawnParams {
  /** The program and its arguments, executed without a shell; argv[0] is looked up in the child's PATH. */
  argv: string[];
  /** The child's working directory. Default: the server's. */
  cwd?: string;
  /** Laid over the inherited environment; null removes a name. */
  env?: Record<string, string | null>;
  /** False: start from an empty environment. "minimal": from what a program needs to run and to be told where and who it is. */
  inheritEnv?: true | false | "minimal";
  /** The absolute path of a dotenv file that is read now: laid over the inherited environment, and under env. Values are taken as they stand, without interpolation. Default: none. */
  envFile?: string;
  /** Resource limits, soft and hard alike, in the units of setrlimit(2): as, fsize and core in bytes, cpu in seconds. Each up to the server's own hard limit; those that are left out stay the original ones. */
  rlimits?: Record<string, number>;
  /** Added to the niceness, so that others go first when processors are short. */
  nice?: number;
  /** A tag for listing, purging and bulk termination. Default: the connection's. */
  originator?: string;
  /** What to show for it. Default: argv quoted as a shell would. */
  command?: string;
  /** stderr is the same pipe as stdout, in true order; the stream stderr is then unavailable. */
  mergeStderr?: boolean;
  /** "null": the child reads end-of-file at once. */
  stdin?: "pipe" | "null";
  /** Streams attached from offset 0 before the child runs; [] for none. Default: every stream. */
  attach?: ("stdout" | "stderr")[];
  /** Of its output: "auto" is text where the bytes are UTF-8, else base64. Default: the connection's. */
  encoding?: "utf-8" | "base64" | "auto";
  /** While attached and the client reads too slowly: pause reading from the child, or let the ring drop. */
  overflow?: "block" | "dropOldest";
  /** The ring of each stream, from minBacklogBytes to maxBacklogBytes. Default: defaultBacklogBytes. */
  backlogBytes?: number;
  /** Wall-clock limit in milliseconds; then it is terminated, with exit.reason "timeout". Default: no limit. */
  timeoutMs?: number;
  /** Its grace in milliseconds for time-out, termination and shutdown. Default: the connection's. */
  graceMs?: number;
  /** Files that streams go into as well, from their first byte on; see session/tee. */
  tee?: Record<string, TeeTarget>;
  /** An id of the client's choice, so that the request can be repeated, and others sent behind it before the answer. Default: the server makes one. */
  sessionId?: string;
}

/** A child's stdin. */
export interface StdinInfo {
  /** Whether a write would be accepted. */
  open: boolean;
  /** Bytes that wait for the child to read. */
  pendingBytes: number;
}

/** An output stream; offsets are absolute and start at 0. */
export interface StreamInfo {
  /** The oldest retained byte. */
  startOffset: number;
  /** The offset behind the newest byte. */
  endOffset: number;
  /** Bytes that were overwritten before any attachment got them. */
  missedBytes: number;
  /** Whether it has an attachment. */
  attached: boolean;
  /** Its attachment. */
  attachmentId: string | null;
  /** Whether the end of file was read. */
  ended: boolean;
}

/** A stream goes into its file no more; the session and the stream go on. */
export interface TeeErrorParams {
  /** The session. */
  sessionId: string;
  /** Which output stream. */
  stream: "stdout" | "stderr";
  /** The file. */
  path: string;
  /** Every byte before it is in the file, from where the tee was set. */
  offset: number;
  /** Why: a name such as "ENOSPC"; "ETIMEDOUT" where the file took nothing for teeStallMs. */
  errno: string;
  /** The same for people. */
  message: string;
}

/** Which stream goes into which file. */
export interface TeeParams {
  /** The session. */
  sessionId: string;
  /** Which output stream. */
  stream: "stdout" | "stderr";
  /** An absolute path. */
  path: string;
  /** What becomes of what is in the file already. */
  mode?: "append" | "truncate";
}

/** Where the file begins or ends. */
export interface TeeResult {
  /** session/tee: of the first byte that goes into the file; session/untee: behind the last one. */
  offset: number;
}

/** The file that a stream goes into. */
export interface TeeTarget {
  /** An absolute path. */
  path: string;
  /** What becomes of what is in the file already. */
  mode?: "append" | "truncate";
}

/** Which sessions to end, and how patiently. */
export interface TerminateAllParams {
  /** Only sessions of this originator; "" matches all. */
  originator?: string;
  /** Only sessions that are at least so old, in milliseconds. */
  olderThanMs?: number;
  /** Milliseconds from SIGTERM to SIGKILL; 0 kills at once. At most maxGraceMs counts. Default: the session's own. */
  graceMs?: number;
}

/** How many were asked to end. */
export interface TerminateAllResult {
  /** Running sessions that matched. */
  terminated: number;
}

/** Which session to end, and how patiently. */
export interface TerminateParams {
  /** The session. */
  sessionId: string;
  /** Milliseconds from SIGTERM to SIGKILL; 0 kills at once. At most maxGraceMs counts. Default: the session's own. */
  graceMs?: number;
}

/** Which stream goes into a file no more. */
export interface UnteeParams {
  /** The session. */
  sessionId: string;
  /** Which output stream. */
  stream: "stdout" | "stderr";
}

/** Resources that the process and the children it waited for used. */
export interface Usage {
  /** Processor time in user mode. */
  userMs: number;
  /** Processor time in the kernel. */
  systemMs: number;
  /** The largest resident set; not less than the server's own, where a child begins. */
  maxRssBytes: number;
}

/** What to look for in a stream: a pattern or a literal. */
export interface WaitForParams {
  /** The session. */
  sessionId: string;
  /** Which output stream. */
  stream: "stdout" | "stderr";
  /** In RE2's syntax; ^ and $ match at lines. Default: literal says it. */
  pattern?: string;
  /** The text itself. Default: pattern says it. */
  literal?: string;
  /** Where the search begins. Default: the oldest retained byte. */
  fromOffset?: number;
  /** Give up when the stream has brought nothing for so long, in milliseconds. Default: never. */
  idleMs?: number;
  /** How long to wait at most, in milliseconds; 0 looks at what is there. Default: no limit. */
  timeoutMs?: number;
}

/** What was found, or why nothing was. */
export interface WaitForResult {
  /** Whether it was found. */
  matched: boolean;
  /** Null where it was found. exited: the child has exited, and all that it wrote was searched; ended: the stream has, before the child. */
  reason: "timeout" | "idle" | "exited" | "ended" | null;
  /** Of the first byte of the match. */
  offset: number | null;
  /** Raw bytes of the match. */
  length: number;
  /** The match; bytes that are not UTF-8 are U+FFFD. */
  text: string;
  /** What the groups of the pattern took; null where one took no part. */
  groups: (string | null)[];
  /** The same of the groups that have names. */
  named: Record<string, string | null>;
  /** Where to go on: behind the match, or where one could still begin. */
  nextOffset: number;
  /** Bytes that were overwritten before they could be searched. */
  missedBytes: number;
}

/** What to wait for. */
export interface WaitParams {
  /** The session. */
  sessionId: string;
  /** Which event ends the wait. */
  until?: "exited" | "closed";
  /** How long to wait at most, in milliseconds. Default: no limit. */
  timeoutMs?: number;
}

/** How the wait ended. */
export interface WaitResult {
  /** Null: the time ran out. */
  exit: ExitInfo | null;
}

/** What to write to a child's stdin. */
export interface WriteParams {
  /** The session. */
  sessionId: string;
  /** The text, or the bytes in base64. */
  data?: string;
  /** How data is written. */
  encoding?: "utf-8" | "base64";
  /** Close stdin after the bytes. */
  close?: boolean;
}

/** Every byte has entered the child's pipe. */
export interface WriteResult {
  /** How many. */
  bytesWritten: number;
}
