// Prints the names of the files that stylua would format otherwise, by the settings of .stylua.toml.
const fs = require("node:fs");
const [module_, settings, ...files] = process.argv.slice(2);
const { Config, IndentType, OutputVerification, QuoteStyle, formatCode } = require(module_);

const options = Object.fromEntries(
  fs.readFileSync(settings, "utf8").trim().split("\n").map((line) => line.split(" = ").map((word) => word.replaceAll('"', ""))),
);
for (const file of files) {
  const config = Config.new();
  config.column_width = Number(options.column_width);
  config.indent_type = IndentType[options.indent_type];
  config.indent_width = Number(options.indent_width);
  config.quote_style = QuoteStyle[options.quote_style];
  const text = fs.readFileSync(file, "utf8");
  if (formatCode(text, config, undefined, OutputVerification.None) !== text) {
    console.log(file);
  }
}
