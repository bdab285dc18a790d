const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");
const { command, eventually, folder, reach, run } = require("./window.cjs");

/** Put a file with some lines into the workspace. */
function put(name) {
  const file = path.join(folder(), name);
  fs.writeFileSync(file, "a line\n".repeat(9));
  return vscode.Uri.file(file);
}

/** The first diagnostic of a file: its message, line, severity, source and code. */
async function diagnostic(uri) {
  const found = await eventually(() => vscode.languages.getDiagnostics(uri)[0], `a diagnostic of ${uri}`);
  const { message, range, severity, source, code } = found;
  return [message, range.start.line + 1, vscode.DiagnosticSeverity[severity], source, code];
}

/** What a matcher finds in what a job says. */
async function found(said, file, ...matchers) {
  const uri = put(file);
  await run({ argv: ["printf", said], name: file }, matchers);
  return diagnostic(uri);
}

module.exports = {
  async "messages of compilers become problems"() {
    const said = "\\033[1mmain.c:2:10: \\033[31merror: \\033[0mno x here\\nand more\\n";
    assert.deepEqual(await found(said, "main.c", "$pipe-rpc-gcc"), ["no x here", 2, "Error", "gcc", undefined]);
  },

  async "messages of rustc mypy and pytest become problems"() {
    const rustc = "warning[E0425]: unused\\n  --> lib.rs:3:5\\n   |\\n";
    assert.deepEqual(await found(rustc, "lib.rs", "$pipe-rpc-rustc"), ["unused", 3, "Warning", "rustc", "E0425"]);
    const mypy = "typed.py:4: error: Incompatible types  [assignment]\\n";
    const mistake = ["Incompatible types", 4, "Error", "mypy", "assignment"];
    assert.deepEqual(await found(mypy, "typed.py", "$pipe-rpc-mypy"), mistake);
    const pytest = "    def test_it():\\n>       assert 1 == 2\\nE       assert 1 == 2\\n\\ntest_it.py:2: AssertionError\\n";
    assert.deepEqual(await found(pytest, "test_it.py", "$pipe-rpc-pytest"), [
      ...["assert 1 == 2", 2, "Error", "pytest", "AssertionError"],
    ]);
  },

  async "jobs that name no problem matcher have those of the setting"() {
    const uri = put("default.c");
    await command("run", { argv: ["printf", "default.c:5:1: warning: hm\\n"] });
    assert.deepEqual(await diagnostic(uri), ["hm", 5, "Warning", "gcc", undefined]);
  },

  async "problems of the last run are cleared by the next"() {
    const uri = put("again.c");
    fs.writeFileSync(path.join(folder(), "said"), "again.c:2:10: error: no x here\n");
    const job = await run({ command: "cat said; rm -f said" }, ["$pipe-rpc-gcc"]);
    await diagnostic(uri);
    await reach(job, "exited");
    await command("rerun", job.number);
    await eventually(() => vscode.languages.getDiagnostics(uri).length === 0);
  },
};
