import { parseArgs } from "node:util";
import { z } from "zod";

export const USAGE = `Usage: npm run bench -- [--products 1000] [--seconds 5] [--connections 1,16,64] [--only NAME,…] [--profile | --calls]

Measures the shop on bare workerd beside constant answers, and a checkout by bank transfer beside as many bare calls and
commits; prints a table and writes .local/bench.json. NAME is the start of an operation's name: list, filtered list,
product, first look, search, suggest, add to cart, checkout. With --profile it tells instead which functions of the
Worker the processor's time goes to; the inspector makes everything slower. With --calls it tells instead what one
operation asks of every service, statement by statement, and what it commits to disk.`;

const positive = z.coerce.number().positive();
const list = z.string().transform((text) => text.split(",").map((word) => word.trim()));

const Options = z.object({
  /** Generated products in the shop. */
  products: positive.int().max(1_000_000).default(1_000),
  /** How long each operation is measured at each number of connections. */
  seconds: positive.max(600).default(5),
  connections: list
    .transform((words) => words.map(Number))
    .pipe(z.array(z.int().positive().max(1_024)))
    .default([1, 16, 64]),
  only: list.default([]),
  profile: z.boolean().default(false),
  calls: z.boolean().default(false),
});
export type BenchOptions = z.infer<typeof Options>;

/** @returns undefined when help was asked for. */
export function readOptions(words: readonly string[]): BenchOptions | undefined {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...words],
    options: {
      products: text,
      seconds: text,
      connections: text,
      only: text,
      profile: { type: "boolean" },
      calls: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return undefined;
  const parsed = Options.safeParse(values);
  if (!parsed.success) throw new Error(`${z.prettifyError(parsed.error)}\n\n${USAGE}`);
  return parsed.data;
}
