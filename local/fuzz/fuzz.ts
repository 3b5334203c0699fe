import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { DEMO_ADMIN } from "../credentials.ts";
import { openOwnShop } from "../own-shop.ts";
import { explainAndExit } from "../terminal.ts";
import { findSchemathesis, type Program } from "./find-schemathesis.ts";
import { createPrincipals, type FuzzedShop, type PrincipalName, principalNames } from "./principals.ts";
import { type Findings, parts, runSchemathesis } from "./run-schemathesis.ts";

/**
 * `npm run fuzz`: Schemathesis asks a shop of its own whatever the description allows and forbids, as each principal.
 * `--stack FILE` takes the shop that a `stack.json` announces, `--as guest` one principal, `--seconds N` bounds the
 * whole; words after `--` are Schemathesis' own.
 */

const Options = z.object({
  seconds: z.coerce.number().int().min(8).max(4_000),
  as: z.array(z.enum(principalNames)),
  stack: z.string().optional(),
  "where-installed": z.boolean(),
});
type Options = z.infer<typeof Options>;

const MISSING =
  "Schemathesis is not installed. With Python: pip install schemathesis, so that `schemathesis` is on the PATH (uvx and pipx are tried, too).";

/** Seconds of the farewells, of those that each principal has. */
const FAREWELL_SHARE = 0.1;

async function run(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: "string", default: "240" },
      as: { type: "string", multiple: true, default: [...principalNames] },
      stack: { type: "string" },
      "where-installed": { type: "boolean", default: false },
    },
  });
  const options = Options.parse(values);
  const program = await findSchemathesis();
  if (program === undefined) {
    if (!options["where-installed"]) throw new Error(MISSING);
    console.log(`Not fuzzed. ${MISSING}`);
    return 0;
  }
  const folder = await mkdtemp(join(tmpdir(), "tradewind-fuzz-"));
  const { shop, end } = await openShop(options.stack);
  try {
    const all = await fuzz({ program, shop, folder, words: positionals }, options);
    console.log(`\n${describe(all)}`);
    return all.some(({ findings }) => findings.length > 0) ? 1 : 0;
  } finally {
    await end();
    await rm(folder, { recursive: true, force: true });
  }
}

type Session = { program: Program; shop: FuzzedShop; folder: string; words: readonly string[] };

async function fuzz({ program, shop, folder, words }: Session, options: Options): Promise<Findings[]> {
  const description: unknown = await (await fetch(`${shop.api}/openapi.json`)).json();
  const createPrincipal = createPrincipals(shop);
  const share = options.seconds / options.as.length;
  const all: Findings[] = [];
  for (const part of parts)
    for (const name of options.as) {
      const seconds = Math.max(
        1,
        Math.round(share * (part === "farewells" ? FAREWELL_SHARE : 1 - FAREWELL_SHARE)),
      );
      console.log(`\n${heading(name, part)}, ${seconds} s at most`);
      // Signed in anew, for what is asked may end a session.
      const principal = await createPrincipal(name);
      all.push(
        await runSchemathesis({
          program,
          api: shop.api,
          description,
          principal,
          part,
          seconds,
          folder,
          words,
        }),
      );
    }
  return all;
}

function heading(principal: PrincipalName, part: string): string {
  return `== As ${principal}: ${part}`;
}

const Announced = z.object({ api: z.url(), admin: z.object({ email: z.string(), password: z.string() }) });

async function openShop(stackFile: string | undefined) {
  if (stackFile !== undefined) {
    const shop = Announced.parse(JSON.parse(await readFile(stackFile, "utf8")));
    return { shop, end: () => Promise.resolve() };
  }
  console.log("Starting a shop of its own.");
  const own = await openOwnShop((line) => console.error(line));
  return { shop: { api: own.stack.addresses.api, admin: DEMO_ADMIN }, end: own.end };
}

function describe(all: readonly Findings[]): string {
  const lines = all.flatMap(({ principal, part, operations, cases, findings }) => [
    `${principal.padEnd(8)} ${part.padEnd(15)} ${String(operations).padStart(4)} operations ${String(cases).padStart(6)} cases ${String(findings.length).padStart(3)} findings`,
    ...findings.map((finding) => `         ${finding}`),
  ]);
  const cases = all.reduce((sum, each) => sum + each.cases, 0);
  const findings = all.reduce((sum, each) => sum + each.findings.length, 0);
  return [...lines, `${cases} cases, ${findings} findings`].join("\n");
}

await run().then((code) => process.exit(code), explainAndExit);
