/** Puts what is read onto the screen that a job has at the time. */

import type { Sink } from "./reader";
import type { Screen } from "./surroundings";

export class Showing implements Sink {
  constructor(
    private readonly screen: () => Screen | undefined,
    readonly drained: (problem?: string) => void,
  ) {}

  output(data: string, missed: number): Promise<void> {
    const screen = this.screen();
    if (missed > 0) {
      screen?.note(`${String(missed)} bytes were not kept`);
    }
    screen?.text(data);
    return screen?.room() ?? Promise.resolve();
  }
}
