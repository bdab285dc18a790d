const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");
const { eventually, extension, folder, reach, run, shows } = require("./window.cjs");

const TASKS = [
  {
    type: "pipe-rpc",
    label: "build",
    command: "echo main.c:3:1: error: bad; echo $WORD in ${workspaceFolderBasename}; exit 1",
    env: { WORD: "built" },
    problemMatcher: ["$pipe-rpc-gcc"],
  },
  { type: "pipe-rpc", label: "wait", argv: ["sh", "-c", "echo ready; exec sleep 1000"], problemMatcher: [] },
  { type: "pipe-rpc", label: "wrong", problemMatcher: [] },
];

/** The tasks of the workspace, by their names. */
async function task(name) {
  const file = path.join(folder(), ".vscode", "tasks.json");
  if (!fs.existsSync(file)) {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, JSON.stringify({ version: "2.0.0", tasks: TASKS }));
  }
  return eventually(async () => (await vscode.tasks.fetchTasks({ type: "pipe-rpc" })).find((one) => one.name === name));
}

const newest = () => extension.exports.jobs.newest();
const called = (name) => () => newest()?.name === name && newest().state === "running" && newest();

module.exports = {
  async "a task of the workspace runs and its problems are found"() {
    const file = vscode.Uri.file(path.join(folder(), "main.c"));
    fs.writeFileSync(file.fsPath, "a line\n".repeat(9));
    await vscode.tasks.executeTask(await task("build"));
    const job = await eventually(() => newest()?.name === "build" && newest());
    assert.match(await shows(job, "[exit 1"), /^built in workspace$/m);
    await eventually(() => vscode.languages.getDiagnostics(file)[0]?.message === "bad");
  },

  async "the editor terminates and restarts a task and runs the last one again"() {
    await vscode.tasks.executeTask(await task("wait"));
    const job = await eventually(called("wait"));
    await shows(job, "ready");
    await vscode.commands.executeCommand("workbench.action.tasks.restartTask", "wait");
    await eventually(() => job.runs === 2 && job.state === "running");
    await vscode.commands.executeCommand("workbench.action.tasks.terminate", "wait");
    await eventually(() => job.state === "exited");
    assert.equal(job.description, "SIGTERM");
    await eventually(() => vscode.tasks.taskExecutions.length === 0);
    await vscode.commands.executeCommand("workbench.action.tasks.reRunTask");
    await eventually(() => job.runs === 3 && job.state === "running");
    assert.equal(extension.exports.jobs.all().length, 1);
  },

  async "a task that has the number of another job leaves that alone"() {
    const job = await run({ argv: ["cat"] });
    await reach(job, "running");
    const file = path.join(folder(), ".vscode", "tasks.json");
    const before = fs.readFileSync(file);
    fs.writeFileSync(file, JSON.stringify({ version: "2.0.0", tasks: [{ ...TASKS[1], label: "copy", job: job.number }] }));
    await vscode.tasks.executeTask(await task("copy"));
    await eventually(called("copy"));
    assert.equal(job.state, "running");
    assert.equal(job.runs, 1);
    fs.writeFileSync(file, before);
  },

  async "a task that says nothing to run says what it needs"() {
    const before = extension.exports.jobs.all().length;
    const ends = [];
    const listening = vscode.tasks.onDidEndTaskProcess(({ exitCode }) => ends.push(exitCode));
    await vscode.tasks.executeTask(await task("wrong"));
    await eventually(() => ends[0] === 2);
    listening.dispose();
    assert.equal(extension.exports.jobs.all().length, before);
  },
};
