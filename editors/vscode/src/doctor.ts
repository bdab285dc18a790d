/** Says whether all is well, and what to do where it is not. */

import type { Jobs } from "./jobs";
import type { Server } from "./server";

/** What was found, as lines for a person. The server is started for it. */
export function examine(server: Server, jobs: Jobs, problems: string[], editor: string): Promise<string> {
  return new Promise((resolve) => {
    server.request("session/list", {}, (failure) => {
      const found = server.description;
      const lines = [`editor: ${editor}`];
      if (failure !== undefined || found === undefined) {
        lines.push(`server: PROBLEM: ${failure?.message ?? "it does not run"}`);
      } else {
        lines.push(
          `server: pipe-rpc ${found.version}, found ${found.how}: ${found.command.join(" ")}`,
          `protocol: version ${String(found.protocol)}`,
          `containment: ${found.containment}; what the end of a job ends, see session/info of the server`,
        );
      }
      lines.push(`jobs: ${jobs.summary() || "none runs"}`);
      lines.push(...(problems.length === 0 ? ["settings: all right"] : problems.map((one) => `PROBLEM: ${one}`)));
      resolve(`${lines.join("\n")}\n`);
    });
  });
}
