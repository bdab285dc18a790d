const assert = require("node:assert/strict");
const test = require("node:test");

const { BACKLOG_BYTES, Reader, retained } = require("./load.cjs")("reader");

/** A server that keeps what it is asked, to be answered by hand. */
function server() {
  const asked = [];
  return { asked, request: (method, params, answer) => asked.push({ params, answer }) };
}

const piece = (length, offset, ended = false) => ({
  data: "x".repeat(length),
  length,
  missedBytes: 0,
  nextOffset: offset + length,
  ended,
});

test("who leaves a job that has exited does not wait for what it wrote", () => {
  const told = [];
  const { asked, request } = server();
  const reader = new Reader({ request }, "1", {
    output: (data) => Promise.resolve(told.push(data)),
    drained: () => told.push("drained"),
  });
  reader.resume();
  reader.drain();
  reader.leave();
  assert.deepEqual(told, ["drained"]);
  asked.forEach(({ answer }) => answer(undefined, piece(5, 0, true)));
  reader.pause();
  assert.deepEqual(told, ["drained"]);
});

test("the log of a job that floods is as long as what is retained", () => {
  const { asked, request } = server();
  let got;
  retained({ request }, "1", (problem, data) => (got = data));
  for (let at = 0; got === undefined; at += 1) {
    const { params, answer } = asked[at];
    answer(undefined, piece(params.maxBytes, params.fromOffset));
  }
  assert.equal(got.length, BACKLOG_BYTES);
});
