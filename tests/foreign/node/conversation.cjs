// Conversations with pipe-rpc, led by vscode-jsonrpc: node conversation.cjs NAME SERVER [ARGUMENT ...]
//
// Each one starts a server of its own over the stdio that Node gives (Unix sockets, not pipes), and prints one JSON object
// that says what this library saw. The judgement is not here: it is in test_vscode_jsonrpc.py.
'use strict';

const { spawn } = require('node:child_process');
const { createHash } = require('node:crypto');
const rpc = require('vscode-jsonrpc/node');

// What vscode-languageclient says of itself, in brief.
const INITIALIZE = {
  processId: process.pid,
  clientInfo: { name: 'Visual Studio Code', version: '1.96.0' },
  locale: 'en',
  rootPath: null,
  rootUri: null,
  capabilities: { window: { workDoneProgress: true }, general: { positionEncodings: ['utf-16'] } },
  trace: 'off',
  workspaceFolders: null,
};

class Conversation {
  constructor(command) {
    this.server = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] });
    this.stderr = '';
    this.server.stderr.on('data', (bytes) => { this.stderr += bytes.toString('utf8'); });
    this.exited = new Promise((resolve) => this.server.on('exit', (code, signal) => resolve({ code, signal })));
    this.closed = new Promise((resolve) => this.server.on('close', resolve));
    this.events = [];
    this.waiting = [];
    this.faults = [];
    const reader = new rpc.StreamMessageReader(this.server.stdout);
    const writer = new rpc.StreamMessageWriter(this.server.stdin);
    const fault = (message) => this.faults.push(String(message));
    const logger = { error: fault, warn: fault, info: fault, log: fault };
    this.connection = rpc.createMessageConnection(reader, writer, logger);
    this.connection.onError(([error]) => fault(error.message));
    for (const method of ['session/output', 'session/detached', 'session/exited', 'session/closed']) {
      this.connection.onNotification(method, (params) => this.happen({ method, params }));
    }
    this.connection.onUnhandledNotification((message) => fault(`unhandled ${message.method}`));
    this.connection.listen();
  }

  happen(event) {
    this.events.push(event);
    this.waiting = this.waiting.filter(({ matches, resolve }) => !matches(event) || (resolve(event), false));
  }

  seen(method, sessionId) {
    const matches = (event) => event.method === method && event.params.sessionId === sessionId;
    const event = this.events.find(matches);
    return event ? Promise.resolve(event) : new Promise((resolve) => this.waiting.push({ matches, resolve }));
  }

  async initialize() {
    const result = await this.connection.sendRequest('initialize', INITIALIZE);
    await this.connection.sendNotification('initialized', {});
    return result;
  }

  async answer(method, ...params) {
    try {
      return { result: await this.connection.sendRequest(method, ...params) };
    } catch (error) {
      return { error: { code: error.code, message: error.message, data: error.data } };
    }
  }

  async spawn(params) {
    const info = await this.connection.sendRequest('session/spawn', params);
    this.happen({ method: 'answer', params: { sessionId: info.sessionId } });
    return info;
  }

  output(sessionId, stream) {
    return this.events.filter(({ method, params }) =>
      method === 'session/output' && params.sessionId === sessionId && params.stream === stream).map(({ params }) => params);
  }

  async leave() {
    const shutdown = await this.connection.sendRequest('shutdown');
    await this.connection.sendNotification('exit');
    const exit = await this.exited;
    await this.closed;
    return { shutdown, exit, faults: this.faults };
  }
}

const conversations = {
  async lifeCycle(talk) {
    const initialize = await talk.initialize();
    const list = await talk.answer('session/list');
    return { initialize, list, ...(await talk.leave()) };
  },

  async echo(talk) {
    await talk.initialize();
    const { sessionId } = await talk.spawn({ argv: ['cat'] });
    const written = await talk.answer('session/write', { sessionId, data: 'first\n' });
    await talk.seen('session/output', sessionId);
    const closed = await talk.answer('session/write', { sessionId, data: 'zweite Zeile: äöü€😀\n', close: true });
    await talk.seen('session/closed', sessionId);
    const left = await talk.leave();
    return { written, closed, events: talk.events, ...left };
  },

  async everyByte(talk) {
    await talk.initialize();
    const program = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 4096)";
    const python = talk.server.spawnargs[0];
    const { sessionId } = await talk.spawn({ argv: [python, '-c', program], encoding: 'base64' });
    await talk.seen('session/closed', sessionId);
    const chunks = talk.output(sessionId, 'stdout');
    const bytes = Buffer.concat(chunks.map(({ data }) => Buffer.from(data, 'base64')));
    let next = 0;
    const offsetsFit = chunks.every(({ offset, length }) => offset === next && ((next += length), true));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { length: bytes.length, sha256, offsetsFit, ...(await talk.leave()) };
  },

  async terminate(talk) {
    await talk.initialize();
    const { sessionId } = await talk.spawn({ argv: ['sleep', '1000'] });
    const terminate = await talk.answer('session/terminate', { sessionId });
    const { params } = await talk.seen('session/exited', sessionId);
    await talk.seen('session/closed', sessionId);
    return { terminate, exited: params, ...(await talk.leave()) };
  },

  async cancel(talk) {
    await talk.initialize();
    const { sessionId } = await talk.spawn({ argv: ['cat'] });
    const source = new rpc.CancellationTokenSource();
    const wait = talk.answer('session/wait', { sessionId }, source.token);
    source.cancel();
    const cancelled = await wait;
    const running = (await talk.connection.sendRequest('session/info', { sessionId })).state;
    return { cancelled, running, ...(await talk.leave()) };
  },

  async errors(talk) {
    const early = await talk.answer('session/list');
    await talk.initialize();
    const unknownSession = await talk.answer('session/info', { sessionId: 'pipe-0000000000000000-00000000' });
    const unknownMethod = await talk.answer('textDocument/hover', { position: { line: 0, character: 0 } });
    const positional = await talk.answer('session/list', rpc.ParameterStructures.byPosition, '');
    const misspelt = await talk.answer('session/spawn', { argv: ['true'], timeoutms: 5 });
    return { early, unknownSession, unknownMethod, positional, misspelt, ...(await talk.leave()) };
  },

  async trace(talk) {
    await talk.initialize();
    await talk.connection.trace(rpc.Trace.Verbose, { log: () => {} }, { sendNotification: true });
    await talk.connection.sendNotification('$/somethingNew', { of: 'the next version' });
    const list = await talk.answer('session/list');
    await talk.connection.trace(rpc.Trace.Off, { log: () => {} }, { sendNotification: true });
    return { list, ...(await talk.leave()) };
  },

  async vanish(talk) {
    await talk.initialize();
    const { pid } = await talk.spawn({ argv: ['sleep', '1000'] });
    talk.connection.end();
    talk.connection.dispose();
    return { pid, exit: await talk.exited };
  },
};

async function main([name, ...command]) {
  const talk = new Conversation(command);
  const summary = await Promise.race([
    conversations[name](talk),
    talk.exited.then(async (exit) => {
      // A server that ends in the middle leaves its answers outstanding for ever: say what it said last. The turn that is
      // waited for lets a conversation that itself waited for this end come first.
      await new Promise((resolve) => setImmediate(resolve));
      await talk.closed;
      await new Promise((resolve) => setImmediate(resolve));
      return { exit, endedEarly: true, faults: talk.faults };
    }),
  ]);
  process.stdout.write(JSON.stringify({ ...summary, stderr: talk.stderr }) + '\n', () => process.exit(0));
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
