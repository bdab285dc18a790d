const assert = require("node:assert/strict");
const vscode = require("vscode");
const { ask, command, contents, eventually, extension, reach, run } = require("./window.cjs");

const ROW = '.pane-body .monaco-list-row[role="treeitem"]';
const listed = () => ask("visible", ROW);

/** Wait for a row that matches. */
const row = (pattern) => eventually(async () => (await listed()).find((one) => pattern.test(one.replaceAll("\n", " "))), `a row ${pattern}`);

module.exports = {
  async "an empty list says how to start a job"() {
    await command("list");
    await eventually(async () => (await ask("visible", ".welcome-view-content")).some((one) => one.includes("No jobs yet")));
  },

  async "the list keeps itself up to date and tells what jobs use"() {
    await command("list");
    await run({ command: "while :; do :; done", name: "busy" });
    await row(/busy.*running · [1-9][\d.]* s · \d+ % · \d+ MB/);
    await run({ argv: ["false"], name: "failing" });
    await row(/failing.*exit 1 · 0.\d s/);
    assert.match((await listed())[0], /failing/);
  },

  async "buttons of the list run stop and open"() {
    await command("list");
    const job = await run({ command: "echo ready; exec sleep 1000", name: "buttons" });
    await row(/buttons.*running/);
    await vscode.commands.executeCommand("workbench.action.closePanel");
    const press = async (name) => {
      await ask("hover", ROW);
      await ask("click", `${ROW} .action-label[aria-label="${name}"]`);
    };
    await press("Show Output");
    await eventually(async () => (await ask("visible", ".terminal-wrapper.active")).length === 1);
    await press("Stop");
    await row(/buttons.*SIGTERM/);
    await press("Rerun");
    await eventually(() => job.runs === 2 && job.state === "running");
    await command("kill", job.number);
  },

  async "dispose kills and forgets it and closes its terminal"() {
    const job = await run({ command: "echo pid $$.; exec sleep 1000" });
    const pid = Number((await eventually(async () => /pid (\d+)\./.exec(await contents(job))))[1]);
    await command("dispose", job.number);
    await eventually(() => {
      try {
        return !process.kill(pid, 0);
      } catch {
        return true;
      }
    });
    assert.equal(extension.exports.jobs.get(job.number), undefined);
    await eventually(() => vscode.window.terminals.length === 0);
  },

  async "a job that is disposed before it starts never runs"() {
    const starting = command("run", { command: "echo it runs", name: "never" }, []);
    const job = await eventually(() => extension.exports.jobs.newest());
    assert.equal(job.isAwaited, true);
    await command("dispose", job.number);
    await starting;
    await eventually(() => vscode.window.terminals.length === 1 && vscode.tasks.taskExecutions.length === 0);
    assert.equal(job.runs, 0);
    assert.deepEqual(extension.exports.jobs.all(), []);
  },

  async "a choice asks which job is meant"() {
    const [first] = [await run({ argv: ["cat"], name: "first cat" }), await run({ argv: ["cat"], name: "second cat" })];
    await reach(first, "running");
    await vscode.commands.executeCommand("workbench.action.createTerminalEditor");
    const asking = command("kill");
    await eventually(async () => (await ask("visible", ".quick-input-list-entry")).length >= 2);
    await ask("type", "first");
    await ask("press", "Enter");
    await asking;
    await reach(first, "exited");
  },
};
