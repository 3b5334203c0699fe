import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { choosePorts } from "../ports.ts";
import { type BareWorkerd, startBareWorkerd } from "./bare-workerd.ts";
import { callLike, inTurn } from "./ceiling.ts";
import { type Chain, planWork } from "./chain-work.ts";
import type { Exchange } from "./connection.ts";
import type { Performer } from "./load.ts";

/** Answers `/1234` with as many bytes once all is done that the header `work` asks for. */
const WORKER = `import { DurableObject } from "cloudflare:workers";
const ALARM_MS = 3_600_000;
export class Kept extends DurableObject {
  // What is done without waiting in between is one commit.
  take({ setsAlarm }) {
    const { sql } = this.ctx.storage;
    sql.exec("create table if not exists kept (id integer primary key, state text not null)");
    sql.exec("insert or replace into kept values (1, ?)", crypto.randomUUID());
    if (setsAlarm) return this.ctx.storage.setAlarm(Date.now() + ALARM_MS);
  }
  alarm() {}
}
async function ask(url, headers, body) {
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(url + " answered " + response.status + ": " + text);
}
const bearer = (key) => ({ authorization: "Bearer " + key, "content-type": "application/json" });
const query = (sql) => (bindings) =>
  ask(
    bindings.NEON_FETCH_ENDPOINT,
    {
      "neon-connection-string": bindings.DATABASE_URL,
      "neon-raw-text-output": "true",
      "neon-array-mode": "true",
    },
    { query: sql, params: [] },
  );
const callers = {
  read: query("select 1"),
  write: query("insert into bare_writes values ('on')"),
  lazyWrite: query("insert into bare_writes select set_config('synchronous_commit', 'off', true)"),
  redis: (bindings) =>
    ask(bindings.UPSTASH_REDIS_REST_URL, bearer(bindings.UPSTASH_REDIS_REST_TOKEN), ["set", "bare", "1"]),
  queue: (bindings) =>
    ask(bindings.QSTASH_URL + "/v2/publish/" + bindings.OWN_URL + "/2", bearer(bindings.QSTASH_TOKEN), {}),
  mail: (bindings) =>
    ask(bindings.MAIL_API_URL + "/messages", bearer(bindings.MAIL_API_KEY), {
      from: bindings.MAIL_FROM, to: "bare@example.com", subject: "bare", text: "bare",
    }),
  search: (bindings) =>
    ask(
      bindings.MEILISEARCH_URL + "/indexes/bare/documents?primaryKey=id",
      bearer(bindings.MEILISEARCH_API_KEY),
      [{ id: 1 }],
    ),
};
async function takeSteps(object, steps) {
  for (const step of steps) await object.take(step);
}
function perform({ calls, objects }, bindings) {
  const made = Object.entries(calls).flatMap(([kind, count]) =>
    Array.from({ length: count }, () => callers[kind](bindings)),
  );
  const taken = Object.entries(objects).map(([name, steps]) =>
    takeSteps(bindings.KEPT.get(bindings.KEPT.idFromName(name)), steps),
  );
  return Promise.all([...made, ...taken]);
}
const answers = new Map();
export default {
  async fetch(request, bindings) {
    const size = Number(request.url.slice(request.url.lastIndexOf("/") + 1));
    if (request.method === "POST") await request.arrayBuffer();
    const work = request.headers.get("work");
    if (work !== null) await perform(JSON.parse(work), bindings);
    let answer = answers.get(size);
    if (answer === undefined) answers.set(size, (answer = new Uint8Array(size).fill(32)));
    return new Response(answer, { headers: { "content-type": "application/json" } });
  },
};
`;

/** Below its folder, what its objects store. */
const OBJECTS = "objects";

type ChainPlace = {
  folder: string;
  compatibilityDate: string;
  /** Where the services are and what opens them, as the shop's Worker is told. */
  settings: Record<string, string>;
};

/**
 * The least that an operation of many calls can cost: a Worker of no framework that makes as many calls to the same
 * services, opens as many new objects and makes as many commits. What it leaves out makes it cheaper than any shop can
 * be: its statements read nothing or write one short row, its other calls carry next to nothing, no call waits for the
 * answer of another in its request, nothing is signed, hashed or checked, and no alarm rings.
 */
export async function startBareChain({
  folder,
  compatibilityDate,
  settings,
}: ChainPlace): Promise<BareWorkerd> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "chain.js"), WORKER);
  const { api: port, postgres: sweepPort } = await choosePorts({ api: 0, services: 0 });
  const plan = {
    port,
    bundle: "chain.js",
    compatibilityDate,
    compatibilityFlags: [],
    settings: { ...settings, OWN_URL: `http://127.0.0.1:${port}` },
    durableObjects: { KEPT: "Kept" },
    objectStorage: { folder: join(folder, OBJECTS), sweepPort },
  };
  return startBareWorkerd({ folder, plan, readyPath: "/2" });
}

/** Where it writes rows that nobody reads. */
export async function createScratchTable(databaseUrl: string): Promise<void> {
  const database = new Client({ connectionString: databaseUrl });
  await database.connect();
  try {
    await database.query("create table bare_writes (note text not null)");
  } finally {
    await database.end();
  }
}

/** The same bytes in as many requests, which together do what the chain says. */
export function repeatAsChain(shapes: readonly Exchange[][], chain: Chain): Performer {
  const nextShape = inTurn(shapes);
  const nextWork = planWork(chain);
  return (connection) => async () => {
    const exchanges = nextShape();
    const work = nextWork(exchanges.length);
    for (const [index, exchange] of exchanges.entries())
      await connection.send({ ...callLike(exchange), headers: { work: JSON.stringify(work[index]) } });
  };
}
