// Carries messages between a socket and a server, through the connection of the extension: see tests/editors/relay.py.
const net = require("node:net");
const { constants } = require("node:os");
const readline = require("node:readline");

const { Connection } = require("./node/load.cjs")("connection");

const socket = net.connect(process.env.PIPE_RPC_RELAY);
const tell = (message) => socket.write(`${JSON.stringify(message)}\n`);
/** Numbers of requests here, by the ids that they came with. */
const sent = new Map();

const connection = new Connection(JSON.parse(process.env.PIPE_RPC_RELAY_SERVER), {
  notification: (method, params) => tell({ jsonrpc: "2.0", method, params }),
  request: (message) => tell(message),
  log: (line) => console.error(line),
  ended: ({ status, signal }) => {
    socket.end(`${JSON.stringify({ ended: signal === null ? status : -constants.signals[signal] })}\n`, () => process.exit(0));
  },
});

/** Send what came, and hand back its answer under the id that it came with. */
function carry({ id, method, params }) {
  if (method === "$/cancelRequest") {
    connection.notify(method, { ...params, id: sent.get(JSON.stringify(params?.id)) ?? params?.id });
  } else if (id === undefined) {
    connection.notify(method, params);
  } else {
    const number = connection.request(method, params, (failure, result) => {
      sent.delete(JSON.stringify(id));
      if (failure === undefined) {
        tell({ jsonrpc: "2.0", id, result: result ?? null });
      } else if (failure.code !== undefined) {
        const { code, message, data } = failure;
        tell({ jsonrpc: "2.0", id, error: { code, message, data } });
      }
    });
    sent.set(JSON.stringify(id), number);
  }
}

// Whoever listened has gone.
socket.on("close", () => process.exit(1));

const lines = readline.createInterface({ input: socket, crlfDelay: Infinity });
lines.on("line", (line) => {
  if (line === "null") {
    connection.close();
  } else {
    carry(JSON.parse(line));
  }
});
