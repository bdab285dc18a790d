/** What a job needs of the rest of the extension: a screen, the server, and somebody who is told. */

import type { Job } from "./job";
import type { Server } from "./server";
import type { Settings } from "./settings";

/** Where a run is shown. */
export interface Screen {
  /** Show text that the job wrote. */
  text(data: string): void;
  /** Say something about the job on a line of its own, unlike what the job says. */
  note(text: string): void;
  /** Resolves when there is room for more. */
  room(): Promise<void>;
  /** Nothing more comes; `status` is what a shell would say of the job. */
  over(status: number): void;
}

export interface Context {
  server: Server;
  settings: () => Settings;
  shell: () => string;
  /** Something changed that lists and status lines show. */
  changed: () => void;
  ended(job: Job): void;
  /** Tell the user why something was not done, and what to do. */
  complain: (message: string) => void;
}
