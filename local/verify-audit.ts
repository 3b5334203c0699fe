import { Client } from "pg";
import { z } from "zod";
import { type ChainHead, emptyChain, followChain } from "#core/audit-chain";
import { shopDatabaseUrl } from "./shop-database-url.ts";
import { explainAndExit } from "./terminal.ts";

const ENTRIES_A_PAGE = 1_000;

const Entries = z.array(
  z.object({
    sequence: z.coerce.number(),
    content: z.string(),
    previousHash: z.string(),
    hash: z.string(),
  }),
);

/**
 * `npm run audit:verify -- [SEQUENCE:HASH]`: follows the audit log's chain from its beginning, in the database of
 * DATABASE_URL or else of the local shop. A head that was noted earlier must still be in it.
 */
async function verifyAudit(noted: string | undefined): Promise<void> {
  const expected = noted === undefined ? undefined : parseHead(noted);
  const client = new Client({ connectionString: await shopDatabaseUrl() });
  await client.connect();
  try {
    console.log(describe(await follow(client, expected)));
  } finally {
    await client.end();
  }
}

function parseHead(text: string): ChainHead {
  const [, sequence, hash] = /^(\d+):([0-9a-f]{64})$/.exec(text) ?? [];
  if (hash === undefined)
    throw new Error(`"${text}" is no head of the log. Use SEQUENCE:HASH, as GET /admin/audit/head answers.`);
  return { sequence: Number(sequence), hash };
}

/** @throws Error that names the first entry that does not follow. */
async function follow(client: Client, expected: ChainHead | undefined): Promise<ChainHead> {
  let head = emptyChain;
  for (;;) {
    const { rows } = await client.query(
      `select sequence, content, previous_hash as "previousHash", hash
       from audit_entries where sequence > $1 order by sequence limit ${ENTRIES_A_PAGE}`,
      [head.sequence],
    );
    const entries = Entries.parse(rows);
    const followed = await followChain(head, entries);
    if ("fault" in followed)
      throw new Error(`The chain breaks at entry ${followed.fault.sequence}: ${followed.fault.reason}.`);
    const passed = entries.find(({ sequence }) => sequence === expected?.sequence);
    if (passed !== undefined && passed.hash !== expected?.hash)
      throw new Error(`Entry ${passed.sequence} is not the one that was noted: the log was written anew.`);
    head = followed.head;
    if (entries.length < ENTRIES_A_PAGE) break;
    console.log(`followed ${head.sequence} entries…`);
  }
  if (expected !== undefined && expected.sequence > head.sequence)
    throw new Error(`The log ends at entry ${head.sequence}: what came behind it was cut off.`);
  return head;
}

function describe({ sequence, hash }: ChainHead): string {
  return sequence === 0
    ? "The audit log is empty."
    : `All ${sequence} entries follow one another. The head is ${sequence}:${hash}`;
}

await verifyAudit(process.argv[2]).catch(explainAndExit);
