/**
 * The settings: defaults, what the user said, and what is wrong with it.
 *
 * A setting that is wrong is told and its default holds, so that a typing mistake breaks nothing else.
 */

export interface Settings {
  /** The server and its arguments; null: it is looked for, see `lookup`. */
  command: string[] | null;
  /** How long the server may take to answer first; `uvx` may have to download it. */
  startTimeoutMs: number;
  /** From the soft stop to the hard one. */
  graceMs: number;
  /** Tell programs by FORCE_COLOR and CLICOLOR_FORCE that colours are welcome. */
  color: boolean;
  /** Laid over the editor's environment for every job. */
  env: Record<string, string>;
  /** What finds errors in the output of jobs that name no problem matcher. */
  problemMatchers: string[];
  /** When the terminal of a new job is shown. */
  reveal: "always" | "silent" | "never";
  /** Tell every job that failed. */
  "notify.failed": boolean;
  /** Tell also those that succeeded after so long. */
  "notify.longerThanMs": number;
}

export const DEFAULTS: Settings = {
  command: null,
  startTimeoutMs: 30_000,
  graceMs: 2_000,
  color: true,
  env: {},
  problemMatchers: ["$pipe-rpc-gcc", "$pipe-rpc-rustc", "$pipe-rpc-pytest"],
  reveal: "always",
  "notify.failed": true,
  "notify.longerThanMs": 10_000,
};

/** A test, and what passes it in words. */
type Check = [fits: (value: unknown) => boolean, expected: string];

const isString = (value: unknown): boolean => typeof value === "string";
const isWhole = (least: number): Check => [
  (value) => Number.isSafeInteger(value) && (value as number) >= least,
  `a whole number of at least ${String(least)}`,
];
const isBoolean: Check = [(value) => typeof value === "boolean", "true or false"];
const isStrings = (value: unknown): boolean => Array.isArray(value) && value.every(isString);
const REVEAL = ["always", "silent", "never"];

const CHECKS: Record<keyof Settings, Check> = {
  command: [
    (value) => value === null || (isStrings(value) && (value as string[]).length > 0),
    'a list of strings such as ["pipe-rpc", "--stdio"]',
  ],
  startTimeoutMs: isWhole(1),
  graceMs: isWhole(0),
  color: isBoolean,
  env: [
    (value) =>
      typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every(isString),
    'an object of strings such as {"CARGO_TERM_COLOR": "always"}',
  ],
  problemMatchers: [isStrings, 'a list of names such as ["$pipe-rpc-gcc"]'],
  reveal: [(value) => REVEAL.includes(value as string), `one of ${REVEAL.join(", ")}`],
  "notify.failed": isBoolean,
  "notify.longerThanMs": isWhole(0),
};

/** The settings in force, and a sentence about each value that is wrong. `given` tells what the user said of a name. */
export function settle(given: (name: string) => unknown): { settings: Settings; problems: string[] } {
  const settings: Record<string, unknown> = { ...DEFAULTS };
  const problems: string[] = [];
  for (const [name, [fits, expected]] of Object.entries(CHECKS)) {
    const value = given(name);
    if (value === undefined) {
      continue;
    }
    if (fits(value)) {
      settings[name] = value;
    } else {
      problems.push(`the setting pipe-rpc.${name} must be ${expected}, and is ${JSON.stringify(value)}`);
    }
  }
  return { settings: settings as unknown as Settings, problems };
}
