const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");
const { ask, command, contents, eventually, extension, folder, notice, reach, run, setting, shows } = require("./window.cjs");

module.exports = {
  async "a command runs and its output and status are shown"() {
    const typed = command("run");
    await eventually(async () => (await ask("visible", ".quick-input-message")).some((one) => one.includes("make -j2")));
    await ask("type", "printf 'one\\n%s\\n' 'two words'");
    await ask("press", "Enter");
    const job = extension.exports.jobs.get(await typed);
    assert.match(await shows(job, "[exit 0 after"), /^one\ntwo words\n\[exit 0 after /m);
    assert.equal(vscode.window.activeTerminal.name, "printf 'one\\n%s\\n' 'two words'");
  },

  async "a shell line runs in the shell of the editor"() {
    const job = extension.exports.jobs.get(await command("runInShell", { command: "echo a b | wc -w; exit 3" }));
    assert.match(await shows(job, "[exit 3 after"), /^2\n/m);
  },

  async "a job has the directory the environment and the name that it is given"() {
    fs.mkdirSync(path.join(folder(), "a folder"));
    const spec = { command: 'basename "$PWD"; echo $WORD', cwd: "a folder", env: { WORD: "two words" }, name: "it" };
    const job = await run(spec);
    assert.match(await shows(job, "[exit 0 after"), /^a folder\ntwo words\n/m);
    assert.equal(vscode.window.activeTerminal.name, "it");
    assert.equal(job.name, "it");
  },

  async "a job sees what the editor was told after the server had started"() {
    const line = "echo ${LATE-unset} ${EARLY+set} ${VSCODE_CWD-unset}";
    process.env.EARLY = "early";
    await shows(await run({ command: line, name: "first" }), "unset set unset");
    process.env.LATE = "late";
    delete process.env.EARLY;
    await shows(await run({ command: `${line} # again` }), "late unset");
  },

  async "a variable of a task stands for the name of the current file"() {
    const file = path.join(folder(), "some file");
    fs.writeFileSync(file, "");
    await vscode.window.showTextDocument(vscode.Uri.file(file));
    await shows(await run({ argv: ["echo", "${fileBasename}", "100%"] }), "some file 100%");
  },

  async "several jobs run at once"() {
    const jobs = [];
    for (const number of [1, 2, 3]) jobs.push(await run({ command: `echo ${number}; read line; echo got $line` }));
    for (const job of jobs) await reach(job, "running");
    for (const job of jobs.reverse()) {
      await command("write", job.number, `line ${job.number}`);
      await shows(job, `got line ${job.number}`);
    }
  },

  async "the last job is run again in the same terminal"() {
    const job = await run({ argv: ["echo", "hello"] });
    await shows(job, "\n[exit 0");
    await command("rerunLast");
    await eventually(() => job.runs === 2 && job.state === "exited");
    assert.match(await shows(job, "\n[exit 0"), /^hello\n/m);
    assert.equal(vscode.window.terminals.length, 1);
  },

  async "a job that still runs is stopped before it runs again"() {
    const job = await run({ command: "echo pid $$.; exec sleep 1000" });
    const pids = async () => Array.from((await contents(job)).matchAll(/pid (\d+)\./g), ([, pid]) => Number(pid));
    const [first] = await eventually(async () => (await pids()).length === 1 && pids());
    await command("rerun", job.number);
    await eventually(() => job.runs === 2 && job.state === "running");
    await eventually(async () => (await pids()).some((pid) => pid !== first));
    assert.throws(() => process.kill(first, 0));
  },

  async "a job that is run again thrice at once runs again once"() {
    const job = await run({ command: "trap 'exit 1' TERM; echo ready; while :; do sleep 0.01; done" });
    await shows(job, "ready");
    await Promise.all([1, 2, 3].map(() => command("rerun", job.number)));
    await eventually(() => job.runs === 2 && job.state === "running");
    assert.deepEqual(await ask("visible", ".quick-input-widget .monaco-list-row"), []);
    assert.equal(vscode.tasks.taskExecutions.length, 1);
  },

  async "output goes into a file as well"() {
    const job = await run({ argv: ["printf", "a\\tb\\n"], logFile: "log.txt" });
    await reach(job, "exited");
    await eventually(() => fs.readFileSync(path.join(folder(), "log.txt"), "utf8") === "a\tb\n");
  },

  async "a job that takes too long is stopped"() {
    const job = await run({ argv: ["sleep", "1000"], timeoutMs: 100 });
    assert.match(await notice("timed out"), /^pipe-rpc: sleep 1000: timed out after 0/);
    await shows(job, "[timed out after");
  },

  async "other extensions hear of the start and the end by the events of tasks"() {
    const heard = [];
    const listening = [
      vscode.tasks.onDidStartTask(({ execution }) => heard.push(`start ${execution.task.name}`)),
      vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => heard.push(`${execution.task.name} ${exitCode}`)),
    ];
    await run({ command: "exit 7" });
    await eventually(() => heard.length === 2);
    listening.forEach((one) => one.dispose());
    assert.deepEqual(heard, ["start exit 7", "exit 7 7"]);
  },

  async "only a failure is told unless the job was long"() {
    await reach(await run({ argv: ["true"] }), "exited");
    await run({ argv: ["false"] });
    assert.match(await notice("pipe-rpc: "), /^pipe-rpc: false: exit 1 after /);
  },

  async "a job that was long is told though it succeeded"() {
    await setting("pipe-rpc.notify.longerThanMs", 0, async () => {
      await run({ argv: ["true"] });
      assert.match(await notice("pipe-rpc: true"), /: exit 0 after /);
    });
  },
};
