/** How a job is, or how it ended: in words, and as a shell would say it. */

import { constants } from "node:os";

import type { ExitInfo } from "./wire";

export type State = "starting" | "running" | "stopping" | "exited" | "failed" | "lost";

/** What a shell adds to the number of a signal. */
const BY_SIGNAL = 128;
export const FAILED = 1;
/** What a shell says of a command that it cannot execute. */
const NOT_STARTED = 126;

/** What a shell would say of its end. `exit` is undefined where it has not run. */
export function statusOf(state: State, exit: ExitInfo | undefined): number {
  if (exit === undefined) {
    return state === "failed" ? NOT_STARTED : FAILED;
  }
  const signals: Partial<Record<string, number>> = constants.signals;
  return exit.exitCode ?? BY_SIGNAL + (signals[exit.signal ?? ""] ?? 0);
}

/** Whether it ended otherwise than its user wished. */
export function isFailure(state: State, exit: ExitInfo | undefined): boolean {
  if (state === "failed" || state === "lost") {
    return true;
  }
  return state === "exited" && exit !== undefined && statusOf(state, exit) !== 0 && exit.reason !== "request";
}

/** How it is, in a few words. */
export function inWords(state: State, exit: ExitInfo | undefined, isAttached: boolean): string {
  if (state !== "exited" || exit === undefined) {
    return state === "running" && !isAttached ? "detached" : state;
  }
  return exit.reason === "timeout" ? "timed out" : (exit.signal ?? `exit ${String(exit.exitCode)}`);
}
