/** Finds the server: the setting `command`, else `pipe-rpc` on PATH, else a module of `python3`, else `uvx`. */

import { execFile } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** How long python3 may take to tell whether it has the module; longer means that something else is wrong. */
const PYTHON_TIMEOUT_MS = 5_000;

/** `-P`: what lies in the working directory is not asked. Python learnt it in 3.11, which pipe-rpc needs anyway. */
const HAS_MODULE = ["-P", "-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('pipe_rpc') is None)"];

export interface Found {
  command: string[];
  /** Where it was found, for people. */
  how: string;
}

/** The command that starts the server, or a sentence that says what to do. */
export async function find(configured: string[] | null): Promise<Found | string> {
  const [program] = configured ?? [];
  if (configured !== null && program !== undefined) {
    return isExecutable(program)
      ? { command: configured, how: "by the setting pipe-rpc.command" }
      : `the setting pipe-rpc.command names ${program}, which is no executable program: mend or remove it`;
  }
  if (isExecutable("pipe-rpc")) {
    return { command: ["pipe-rpc", "--stdio"], how: "on PATH" };
  }
  if (await pythonHasIt()) {
    return { command: ["python3", "-P", "-m", "pipe_rpc", "--stdio"], how: "as a module of python3" };
  }
  if (isExecutable("uvx")) {
    return { command: ["uvx", "pipe-rpc", "--stdio"], how: "by uvx, which downloads it where needed" };
  }
  return "the server was not found: run `pipx install pipe-rpc`, or say where it is in the setting pipe-rpc.command";
}

function isExecutable(program: string): boolean {
  const folders = program.includes("/") ? [""] : (process.env.PATH ?? "").split(delimiter);
  return folders.some((folder) => {
    const path = folder === "" ? program : join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      return statSync(path).isFile();
    } catch {
      return false; // Not here.
    }
  });
}

function pythonHasIt(): Promise<boolean> {
  return new Promise((resolve) => {
    execFile("python3", HAS_MODULE, { timeout: PYTHON_TIMEOUT_MS }, (error) => {
      resolve(error === null);
    });
  });
}
