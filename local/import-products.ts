import { openAsBlob } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { ANNOUNCEMENT } from "./stack.ts";
import { readStackSettings } from "./stack-settings.ts";
import { explainAndExit } from "./terminal.ts";

/** `npm run import -- FILE`: sends products to the shop and shows what becomes of them. */

const USAGE = `Usage: npm run import -- FILE [--url URL] [--email EMAIL] [--password PASSWORD]

The file is a Shopify product export (.csv) or JSON Lines, a product a line (.jsonl).
Without --url the file goes to the local stack that is running; --email and --password are an admin's, without them
the demo admin's.`;

const REFUSALS_SHOWN = 20;

const Announcement = z.object({
  api: z.url(),
  admin: z.object({ email: z.string(), password: z.string() }),
});
type Shop = z.infer<typeof Announcement>;

const Counts = z.object({
  rows_read: z.int(),
  created: z.int(),
  updated: z.int(),
  unchanged: z.int(),
  refused: z.int(),
  stock_counts: z.int(),
});

const Line = z.discriminatedUnion("type", [
  z.object({ type: z.literal("started"), id: z.string(), ignored_columns: z.array(z.string()) }),
  z.object({ type: z.literal("refused"), row: z.int(), handle: z.string().nullable(), detail: z.string() }),
  Counts.extend({ type: z.literal("progress") }),
  Counts.extend({ type: z.literal("finished"), id: z.string(), stock: z.string() }),
  Counts.extend({ type: z.literal("failed"), id: z.string(), detail: z.string() }),
]);
type Line = z.infer<typeof Line>;

const Problem = z.object({ detail: z.string() });

try {
  await run();
} catch (fault) {
  explainAndExit(fault);
}

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      url: { type: "string" },
      email: { type: "string" },
      password: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  const [file] = positionals;
  if (values.help || file === undefined || positionals.length > 1) {
    console.log(USAGE);
    process.exitCode = values.help ? 0 : 1;
    return;
  }
  await stat(file);
  const shop = await findShop(values);
  const token = await signIn(shop);
  await importFile({ file, api: shop.api, token });
}

type Choices = { url?: string; email?: string; password?: string };

/** A shop elsewhere is never given the demo admin's password. */
async function findShop({ url, email, password }: Choices): Promise<Shop> {
  if (url !== undefined) {
    if (email === undefined || password === undefined)
      throw new Error("With --url, give --email and --password of an admin of that shop.");
    return { api: url.replace(/\/$/, ""), admin: { email, password } };
  }
  const announced = await readAnnouncement();
  const { admin } = announced;
  return {
    ...announced,
    admin: { email: email ?? admin.email, password: password ?? admin.password },
  };
}

async function readAnnouncement(): Promise<Shop> {
  const file = join(readStackSettings(process.env).stateFolder, ANNOUNCEMENT);
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new Error("No local stack is running: run npm start first, or give --url.", { cause });
  });
  return Announcement.parse(JSON.parse(text));
}

async function signIn({ api, admin }: Shop): Promise<string> {
  const response = await fetch(`${api}/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(admin),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`Signing in failed: ${Problem.parse(answer).detail}`);
  return z.object({ access_token: z.string() }).parse(answer).access_token;
}

type Upload = { file: string; api: string; token: string };

async function importFile({ file, api, token }: Upload): Promise<void> {
  const response = await fetch(`${api}/admin/products/import`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": /\.(jsonl|ndjson)$/i.test(file) ? "application/x-ndjson" : "text/csv",
      accept: "application/x-ndjson",
    },
    // A blob of the file is read while it is sent.
    body: await openAsBlob(file),
  });
  if (!response.ok || response.body === null)
    throw new Error(`The shop refused the file: ${Problem.parse(await response.json()).detail}`);
  let refusals = 0;
  for await (const line of linesOf(response.body)) {
    if (line.type === "refused" && ++refusals > REFUSALS_SHOWN) continue;
    show(line);
    if (line.type === "failed") process.exitCode = 1;
  }
  if (refusals > REFUSALS_SHOWN) console.log(`… and ${refusals - REFUSALS_SHOWN} more refusals`);
}

async function* linesOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Line> {
  let rest = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield Line.parse(JSON.parse(line));
  }
}

function show(line: Line): void {
  switch (line.type) {
    case "started":
      console.log(`Import ${line.id}`);
      if (line.ignored_columns.length > 0) console.log(`Ignored columns: ${line.ignored_columns.join(", ")}`);
      break;
    case "refused":
      console.log(`Row ${line.row}${line.handle === null ? "" : ` (${line.handle})`}: ${line.detail}`);
      break;
    case "progress":
      console.log(summary(line));
      break;
    case "finished":
      console.log(`Finished: ${summary(line)}\n${line.stock}`);
      break;
    case "failed":
      console.log(`Failed: ${line.detail}\nUntil then: ${summary(line)}`);
      break;
  }
}

function summary(counts: z.infer<typeof Counts>): string {
  const { rows_read, created, updated, unchanged, refused } = counts;
  return `${rows_read} rows: ${created} products created, ${updated} updated, ${unchanged} unchanged, ${refused} refused`;
}
