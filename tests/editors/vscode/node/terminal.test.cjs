const assert = require("node:assert/strict");
const test = require("node:test");

const load = require("./load.cjs");
const { Flow } = load("flow");
const { LineEditor } = load("line_editor");
const { cutWhole, plain } = load("plain");
const { environment } = load("launch");
const { DEFAULTS } = load("settings");
const { words } = load("words");

const QUESTION = "\x1b[5n";
const ANSWER = "\x1b[0n";

test("a terminal gets the next piece when it has drawn the last", async () => {
  const sent = [];
  const flow = new Flow((text) => sent.push(text));
  flow.write("x".repeat(100_000));
  assert.deepEqual(sent, ["x".repeat(65_536) + QUESTION]);
  assert.equal(flow.hear(`a${ANSWER}b`), "ab");
  assert.equal(sent[1], "x".repeat(100_000 - 65_536) + QUESTION);
  const drawn = flow.drawn();
  flow.hear(ANSWER);
  await drawn;
});

test("a question cuts neither a sequence nor a character in two", () => {
  const sent = [];
  const flow = new Flow((text) => sent.push(text));
  flow.write(`${"x".repeat(65_535)}\u{1f600}`);
  flow.hear(ANSWER);
  flow.write("red\x1b[3");
  flow.hear(ANSWER);
  flow.write("1m");
  flow.hear(ANSWER);
  assert.deepEqual(sent.slice(1).map((text) => text.replace(QUESTION, "")), ["\u{1f600}", "red", "\x1b[31m"]);
});

test("a terminal that never answers is not waited for", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const sent = [];
  const flow = new Flow((text) => sent.push(text));
  flow.write("x".repeat(100_000));
  context.mock.timers.tick(2_000);
  assert.equal(sent.join("").replaceAll(QUESTION, "").length, 100_000);
  await flow.drawn();
});

test("a terminal that is gone is not waited for", async () => {
  const flow = new Flow(() => undefined);
  flow.write("text");
  const drawn = flow.drawn();
  flow.abandon();
  await drawn;
});

test("lines are edited before they are written", () => {
  const typed = new LineEditor().type("ab\x7fc\x1b[A\r");
  assert.deepEqual(typed.at(-1), { kind: "line", text: "ac\n" });
  assert.equal(typed.filter((one) => one.kind === "echo").map((one) => one.text).join(""), "ab\b \bc\r\n");
});

test("a character of two cells is erased from both", () => {
  const echoed = (keys) => new LineEditor().type(keys).map((one) => one.text).join("");
  assert.equal(echoed("\u65e5\x7f"), "\u65e5\b \b\b \b");
  assert.equal(echoed("\u{1f600}e\u0301\x15"), "\u{1f600}e\u0301\b \b\b \b\b \b");
  assert.equal(echoed("\x7f"), "");
});

test("what a terminal answers is not taken for what is typed", () => {
  const typed = new LineEditor().type("a\x1b]10;rgb:cc/cc/cc\x1b\\\x1b]4;1;rgb:0/0/0\x07\x1bP1$r0m\x1b\\\x1b[1;1Rb\x1b]c\r");
  assert.deepEqual(typed.at(-1), { kind: "line", text: "abc\n" });
});

test("what is pasted is written line by line", () => {
  const typed = new LineEditor().type("one\r\ntwo\rthree");
  assert.deepEqual(typed.filter((one) => one.kind === "line").map((one) => one.text), ["one\n", "two\n"]);
});

test("control keys interrupt erase and end", () => {
  const editor = new LineEditor();
  assert.deepEqual(editor.type("ab\x15"), [..."ab"].map((text) => ({ kind: "echo", text })).concat({ kind: "echo", text: "\b \b\b \b" }));
  assert.deepEqual(editor.type("\x04"), [{ kind: "end" }]);
  assert.deepEqual(editor.type("x\x04").at(-1), { kind: "line", text: "x" });
  assert.deepEqual(editor.type("\x03").at(-1), { kind: "interrupt" });
});

test("plain text has neither sequences nor overwritten beginnings", () => {
  assert.equal(plain("\x1b[1;31mred\x1b[0m \x1b]0;title\x07x\r\n10%\r100%\r\nlast"), "red x\n100%\nlast");
});

test("a line of megabytes is made plain at once", () => {
  const before = performance.now();
  assert.equal(plain("x".repeat(2 ** 21)).length, 2 ** 21);
  assert.equal(plain(`${"\r".repeat(2 ** 21)}x\r\n50%\r`), "x\n50%");
  assert.ok(performance.now() - before < 5_000);
});

test("text is cut in front of what it does not finish", () => {
  for (const rest of ["\x1b", "\x1b[", "\x1b[3;1", "\x1b]0;title", "\x1b]8;;x\x1b"]) {
    assert.deepEqual(cutWhole(`text${rest}`), ["text", rest]);
  }
  assert.deepEqual(cutWhole("text\x1b[0m"), ["text\x1b[0m", ""]);
});

test("words are split as a shell does it", () => {
  assert.deepEqual(words(`make -j2 'a b' "c \\"d\\"" e\\ f g"h"`), ["make", "-j2", "a b", 'c "d"', "e f", "gh"]);
});

test("a line whose quotation does not end has no words", () => {
  for (const line of ["echo it's", 'echo "a', "echo a\\"]) assert.equal(words(line), undefined);
  assert.deepEqual(words(`a "" ''`), ["a", "", ""]);
});

test("the environment is sent as a difference", () => {
  const settings = { ...DEFAULTS, color: false, env: { SET: "1" } };
  const now = { SAME: "x", NEW: "y", VSCODE_PID: "7", VSCODE_IPC_HOOK_CLI: "z", TAKEN: "t" };
  const inherited = { SAME: "x", GONE: "g", VSCODE_PID: "7", TAKEN: "t" };
  const made = environment({ env: { TAKEN: null } }, settings, now, inherited);
  assert.deepEqual(made, { NEW: "y", VSCODE_IPC_HOOK_CLI: "z", SET: "1", GONE: null, VSCODE_PID: null, TAKEN: null });
});
