/** What the server is told when a job starts. */

import { BACKLOG_BYTES } from "./reader";
import type { Settings } from "./settings";
import type { SpawnParams } from "./wire";

/** What to run, and how: the definition of a task of the type `pipe-rpc`, but for its type. */
export interface Spec {
  /** The program and its arguments. This, or `command`. */
  argv?: string[];
  /** A line for the shell. */
  command?: string;
  /** Default: the folder of the workspace. */
  cwd?: string;
  /** Laid over the environment; null removes a name. */
  env?: Record<string, string | null>;
  /** What to show for it. */
  name?: string;
  /** Then it is stopped. */
  timeoutMs?: number;
  /** A file that gets every byte as well. */
  logFile?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What VS Code sets for itself, and takes away from its own terminals, too. */
const OF_THE_EDITOR = /^(?:ELECTRON_|VSCODE_(?!IPC_HOOK_CLI$)).+$/;
const WELCOME_COLORS = { FORCE_COLOR: "1", CLICOLOR_FORCE: "1" };

/** A sentence about a spec that cannot be run, or undefined. */
export function mistake(spec: Spec): string | undefined {
  const isString = (value: unknown): boolean => typeof value === "string";
  const [argv, command] = [spec.argv as unknown, spec.command as unknown];
  const isLine = argv === undefined && typeof command === "string" && command.trim() !== "";
  if (!isLine && !(command === undefined && Array.isArray(argv) && argv.length > 0 && argv.every(isString))) {
    return 'a task needs either "command", a line for the shell, or "argv", a list of strings such as ["make", "-j2"]';
  }
  const wrong = (["cwd", "name", "logFile"] as const).find((one) => spec[one] !== undefined && !isString(spec[one]));
  if (wrong !== undefined) {
    return `"${wrong}" of a task must be a string, and is ${JSON.stringify(spec[wrong])}`;
  }
  const env: unknown = spec.env ?? {};
  if (typeof env !== "object" || Array.isArray(env)) {
    return `"env" of a task must be an object such as {"V": "1"}, and is ${JSON.stringify(env)}`;
  }
  return undefined; // The server checks the rest, and says what is wrong.
}

/** What to show for a job. */
export function nameOf(spec: Spec): string {
  return spec.name ?? spec.command ?? spec.argv?.join(" ") ?? "";
}

/**
 * What differs from the server's own environment, which jobs inherit: what the editor was told since, say by an
 * extension for direnv, what the settings say, and what the job wants.
 */
export function environment(
  spec: Spec,
  settings: Settings,
  now: Environment,
  inherited: Environment,
): Record<string, string | null> {
  const colors = settings.color && now.NO_COLOR === undefined ? WELCOME_COLORS : {};
  const own = Object.entries(now).filter(([name]) => !OF_THE_EDITOR.test(name));
  const wanted: Record<string, string | null | undefined> = {
    ...colors,
    ...Object.fromEntries(own),
    ...settings.env,
    ...spec.env,
  };
  const changes: Record<string, string | null> = {};
  for (const [name, value] of Object.entries(wanted)) {
    if (value !== undefined && value !== null && inherited[name] !== value) {
      changes[name] = value;
    }
  }
  for (const name of Object.keys(inherited)) {
    if ((wanted[name] ?? null) === null) {
      changes[name] = null;
    }
  }
  return changes;
}

/** The params of `session/spawn`. No stream is attached: output is asked for, see `reader`. */
export function spawnParams(
  session: string,
  spec: Spec,
  settings: Settings,
  shell: string,
  inherited: Environment,
): SpawnParams {
  return {
    sessionId: session,
    argv: spec.argv ?? [shell, "-c", spec.command ?? ""],
    command: nameOf(spec),
    ...(spec.cwd !== undefined && { cwd: spec.cwd }),
    env: environment(spec, settings, process.env, inherited),
    mergeStderr: true,
    attach: [],
    backlogBytes: BACKLOG_BYTES,
    ...(spec.timeoutMs !== undefined && { timeoutMs: spec.timeoutMs }),
    graceMs: settings.graceMs,
    ...(spec.logFile !== undefined && { tee: { stdout: { path: spec.logFile } } }),
  };
}
