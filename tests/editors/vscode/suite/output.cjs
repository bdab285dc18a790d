const assert = require("node:assert/strict");
const vscode = require("vscode");
const { ask, command, eventually, reach, rows, run, setting, shows } = require("./window.cjs");

/** How long a key, and a stop, may take to act while a job floods. */
const USABLE_MS = 1_000;
/** One of them must be in time: other tests may have the processors for a while. */
const ATTEMPTS = 3;

/** Flood, type a character, stop the flood: was each of the two done in time? */
async function staysUsable() {
  const job = await run({ argv: ["yes", "a line that never ends to come"] }, ["$pipe-rpc-gcc"]);
  await eventually(() => job.reader?.offset > 20e6);
  const document = await vscode.workspace.openTextDocument({ content: "" });
  await vscode.window.showTextDocument(document);
  const before = Date.now();
  await ask("type", "x");
  await eventually(() => document.getText() === "x");
  const typed = Date.now();
  await command("kill", job.number);
  await job.whenOver();
  const inTime = typed - before < USABLE_MS && Date.now() - typed < USABLE_MS;
  await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
  return inTime;
}

module.exports = {
  async "colours are drawn and leave no escape sequence"() {
    const job = await run({ argv: ["printf", "plain \\033[31mred\\033[0m\\n"] });
    assert.match(await shows(job, "[exit 0"), /^plain red\n/m);
    const red = ".terminal-wrapper.active .xterm-rows span.xterm-fg-1";
    await eventually(async () => (await ask("visible", red)).join() === "red");
  },

  async "a carriage return draws a progress bar over itself"() {
    const job = await run({ argv: ["printf", "10 percent\\r50 percent\\r100 percent\\ndone\\n"] });
    assert.match(await shows(job, "[exit 0"), /^100 percent\ndone\n/m);
  },

  async "what a piece cuts in two is drawn as a whole"() {
    // Just so that the piece of 64 KiB ends within the character, the sequence, and the end of the line.
    for (const [behind, cut] of [["\\303\\251", 1], ["\\033[31mred\\033[0m", 2], ["\\r\\n", 1]]) {
      const job = await run({ command: `printf '%0${65536 - cut}d${behind}|end\\n' 0`, name: "cut" });
      const text = await shows(job, "[exit 0");
      assert.match(text, /0(é|red|)\n?\|end/);
      assert.doesNotMatch(text, /\ufffd|\[31m|31m/);
    }
  },

  async "programs are told that colours are welcome unless the user objects"() {
    const spec = { command: "echo $FORCE_COLOR$CLICOLOR_FORCE." };
    await shows(await run(spec), "\n11.");
    await setting("pipe-rpc.color", false, async () => {
      const job = await run(spec);
      assert.match(await shows(job, "[exit 0"), /^\.$/m);
    });
  },

  async "the end is followed while the terminal is there and stays where the user reads"() {
    const job = await run({ command: "seq 200; read line; seq 201 400; read line; seq 401 600; read line" });
    await shows(job, "\n200\n");
    assert.ok((await rows()).includes("200"));
    await vscode.commands.executeCommand("workbench.action.terminal.scrollToTop");
    await command("write", job.number, "go");
    await shows(job, "\n400\n");
    assert.ok((await rows()).includes("1"));
    await vscode.commands.executeCommand("workbench.action.terminal.scrollToBottom");
    await command("write", job.number, "go");
    await shows(job, "\n600\n");
    assert.ok((await rows()).includes("600"));
  },

  async "no more lines are kept than the setting of terminals says"() {
    await setting("terminal.integrated.scrollback", 200, async () => {
      const job = await run({ argv: ["seq", "20000"] });
      const lines = (await shows(job, "[exit 0")).split("\n");
      assert.ok(lines.length < 300, `${lines.length} lines`);
      assert.ok(lines.includes("20000"));
    });
  },

  async "the log shows whole lines without colours"() {
    const job = await run({ command: "printf '\\033[1m%0200d\\033[0m\\n10%%\\r100%%\\n' 0" });
    await reach(job, "exited");
    await command("log", job.number);
    const document = await eventually(() => vscode.window.activeTextEditor?.document);
    assert.equal(document.uri.scheme, "pipe-rpc");
    assert.equal(document.getText(), `${"0".repeat(200)}\n100%\n`);
    assert.equal(document.isDirty, false);
  },

  async "a flood leaves the editor usable and is stopped at once"() {
    for (let attempt = 1; !(await staysUsable()); attempt += 1) assert.ok(attempt < ATTEMPTS);
  },

  async "two floods at once grow no memory without end"() {
    const jobs = [await run({ argv: ["yes"] }), await run({ argv: ["yes", "y"] })];
    const read = (bytes) => eventually(() => jobs.every((job) => job.reader?.offset > bytes));
    await read(30e6);
    const before = process.memoryUsage().rss;
    await read(300e6);
    assert.ok(process.memoryUsage().rss - before < 60e6, `${process.memoryUsage().rss - before} bytes more`);
    for (const job of jobs) await command("kill", job.number);
    for (const job of jobs) await job.whenOver();
  },
};
