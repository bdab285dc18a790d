// Prints what is wrong with settings that are given as JSON, and what holds.
const { settle } = require("./load.cjs")("settings");

const given = JSON.parse(process.argv[2]);
console.log(JSON.stringify(settle((name) => given[name])));
