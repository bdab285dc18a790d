const assert = require("node:assert/strict");
const test = require("node:test");

const load = require("./load.cjs");
const { Connection } = load("connection");
const { Server } = load("server");
const { DEFAULTS } = load("settings");

/** A server of a few lines of JavaScript, which has `say` and `hear`. */
const server = (code) => [
  ...[process.execPath, "-e"],
  `const say = (body) => process.stdout.write(\`Content-Length: \${Buffer.byteLength(body)}\\r\\n\\r\\n\${body}\`);
   let heard = "";
   process.stdin.on("data", (data) => { heard += data; hear(heard); });
   ${code}`,
];

function connect(code, handlers = {}) {
  return new Promise((resolve) => {
    const told = [];
    const connection = new Connection(server(code), {
      notification: (method, params) => told.push([method, params]),
      log: (line) => told.push(["log", line]),
      ended: (ending) => resolve({ told, ending }),
      ...handlers,
    });
    connection.request("ask", { word: "ä", empty: {}, nothing: null }, (failure, result) =>
      told.push([failure ?? null, result]),
    );
  });
}

test("an answer acts before what comes behind it", async () => {
  const both = `say('{"jsonrpc":"2.0","id":1,"result":{"a":[]}}'); say('{"jsonrpc":"2.0","method":"n","params":{}}');`;
  const { told } = await connect(`const hear = () => { ${both} process.exit(0); };`);
  assert.deepEqual(told, [[null, { a: [] }], ["n", {}]]);
});

test("every request is answered once when the server dies", async () => {
  const { told, ending } = await connect(`const hear = () => process.kill(process.pid, "SIGKILL");`);
  assert.deepEqual(told, [
    [{ message: "the server ended by SIGKILL before it answered", kind: "ServerGone" }, undefined],
  ]);
  assert.equal(ending.signal, "SIGKILL");
});

test("an error has the kind that it tells", async () => {
  const error = '{"code":1001,"message":"no such session","data":{"kind":"SessionNotFound"}}';
  const code = `const hear = () => { say('{"jsonrpc":"2.0","id":1,"error":${error}}'); process.exit(3); };`;
  const { told, ending } = await connect(code);
  assert.equal(told[0][0].kind, "SessionNotFound");
  assert.equal(ending.how, "with status 3");
});

test("a request of the server gets an answer", async () => {
  const code = `say('{"jsonrpc":"2.0","id":7,"method":"what","params":{}}');
    const hear = (all) => { if (all.includes('"id":7')) { process.stderr.write(all.slice(all.indexOf('"id":7')) + "\\n"); process.exit(0); } };`;
  const { told } = await connect(code);
  assert.match(told.find(([kind]) => kind === "log")[1], /"id":7,"error":\{"code":-32601,"message":"no such method: what"\}/);
});

test("a server that cannot be started has ended", async () => {
  const ending = await new Promise((resolve) => new Connection(["/no/such/server"], { log: () => undefined, ended: resolve }));
  assert.match(ending.how, /ENOENT/);
});

test("a server that is given up ends though it does not want to", async () => {
  const ending = await new Promise((resolve) => {
    const stubborn = `process.on("SIGTERM", hear); setInterval(hear, 1000); process.stderr.write("ready\\n");`;
    const connection = new Connection(server(`const hear = () => undefined; ${stubborn}`), {
      log: () => connection.abandon(),
      ended: resolve,
    });
  });
  assert.equal(ending.signal, "SIGKILL");
});

test("an answer that comes after a server was given up does not stand for another", async () => {
  const late = `import sys, json, time, signal
signal.signal(signal.SIGTERM, lambda *_: (say(), sys.exit()))
def say():
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"capabilities": {"experimental": {"pipeRpc": {"protocolVersion": 1}}}}})
    sys.stdout.write(f"Content-Length: {len(body)}\\r\\n\\r\\n{body}"); sys.stdout.flush()
print("up", file=sys.stderr, flush=True)
time.sleep(1000)`;
  const server = new Server({
    settings: () => ({ ...DEFAULTS, command: ["python3", "-c", late], startTimeoutMs: 500 }),
    ...{ client: { name: "a test", version: "1" }, log: () => undefined, notification: () => undefined },
    lost: () => undefined,
  });
  const ask = () => new Promise((resolve) => server.request("session/list", {}, (failure) => resolve(failure.message)));
  assert.match(await ask(), /said nothing for 0.5 s/);
  assert.match(await ask(), /said nothing for 0.5 s/);
  assert.equal(server.description, undefined);
});
