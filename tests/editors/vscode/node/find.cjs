// Prints where the server is found on PIPE_RPC_TEST_PATH, or a sentence.
const { find } = require("./load.cjs")("lookup");

process.env.PATH = process.env.PIPE_RPC_TEST_PATH;
find(null).then((found) => console.log(JSON.stringify(found.how ?? found)));
