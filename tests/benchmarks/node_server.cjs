// The obvious process server on vscode-jsonrpc under Node: the other yardstick. node node_server.cjs
//
// Honest and idiomatic: streams are read with `for await`, and each chunk waits until the library has written the one
// before, so that a slow client fills pipes and not memory. It speaks the part of the wire contract that the works need.
'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { StringDecoder } = require('node:string_decoder');

const PACKAGES = path.join(__dirname, '..', 'foreign', 'node', 'node_modules');
const rpc = require(require.resolve('vscode-jsonrpc/node', { paths: [PACKAGES] }));

const connection = rpc.createMessageConnection(
  new rpc.StreamMessageReader(process.stdin),
  new rpc.StreamMessageWriter(process.stdout),
);
const sessions = new Map();

function info({ sessionId }) {
  const child = sessions.get(sessionId);
  return { sessionId, pid: child.pid, exitCode: child.exitCode };
}

async function forward(sessionId, stream, readable, encoding) {
  // It keeps what is left of a character, or of three bytes, until the rest is there.
  const decoder = new StringDecoder(encoding === 'base64' ? 'base64' : 'utf8');
  let offset = 0;
  const tell = async (data) => {
    if (data === '') return;
    const length = Buffer.byteLength(data, encoding === 'base64' ? 'base64' : 'utf8');
    await connection.sendNotification('session/output', { sessionId, stream, offset, length, data, encoding });
    offset += length;
  };
  for await (const chunk of readable) await tell(decoder.write(chunk));
  await tell(decoder.end());
}

async function follow(sessionId, child, encoding) {
  const exited = once(child, 'exit');
  await Promise.all([
    forward(sessionId, 'stdout', child.stdout, encoding),
    forward(sessionId, 'stderr', child.stderr, encoding),
  ]);
  const [exitCode] = await exited;
  await connection.sendNotification('session/exited', { sessionId, exitCode });
}

connection.onRequest('initialize', () => ({ capabilities: {}, serverInfo: { name: 'node', version: '1' } }));

connection.onRequest('session/spawn', async ({ argv: [program, ...rest], encoding = 'utf-8' }) => {
  const child = spawn(program, rest);
  await once(child, 'spawn');
  const sessionId = `node-${sessions.size + 1}`;
  sessions.set(sessionId, child);
  follow(sessionId, child, encoding);
  return info({ sessionId });
});

connection.onRequest('session/write', ({ sessionId, data }) => new Promise((resolve, reject) => {
  sessions.get(sessionId).stdin.write(data, (error) => (error ? reject(error) : resolve({ bytesWritten: Buffer.byteLength(data) })));
}));

connection.onRequest('session/info', info);
connection.onClose(() => process.exit(0));
connection.listen();
