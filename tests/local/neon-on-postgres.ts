import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { neonConfig } from "@neondatabase/serverless";
import { Client } from "pg";
import { expect, vi } from "vitest";
import { z } from "zod";
import { startNeon } from "#local/neon/neon";
import { startPostgres, type RunningPostgres } from "#local/postgres/postgres";
import type { RunningService } from "#local/service";

export const PRIMARY_URL = "postgresql://tradewind:tradewind@primary.localtest/tradewind";
export const REPLICA_URL = "postgresql://tradewind:tradewind@replica.localtest/tradewind";

/** What pg_stat_activity shows of a session in pg_sleep. */
export const ASLEEP = "wait_event = 'PgSleep'";

const Sessions = z.tuple([z.object({ sessions: z.number() })]);

export type NeonOnPostgres = {
  postgres: RunningPostgres;
  neon: RunningService;
  /** Waits until so many sessions of the primary are like this. */
  sessions: (condition: string, expected: number) => Promise<void>;
  stop: () => Promise<void>;
};

/** A fresh Postgres with Neon in front of it, and Neon's driver pointed at them. */
export async function startNeonOnPostgres(): Promise<NeonOnPostgres> {
  const stateFolder = await mkdtemp(join(tmpdir(), "tradewind-neon-"));
  const options = { port: 0, stateFolder, log: () => {} };
  const postgres = await startPostgres({ ...options, replicaPort: 0 });
  const hosts = { "primary.localtest": postgres.primary, "replica.localtest": postgres.replica };
  const neon = await startNeon({ ...options, hosts });
  neonConfig.fetchEndpoint = `${neon.url}/sql`;
  neonConfig.wsProxy = (host, port) => `${new URL(neon.url).host}/v2?address=${host}:${port}`;
  neonConfig.useSecureWebSocket = false;
  return {
    postgres,
    neon,
    sessions: (condition, expected) => waitForSessions(postgres.url, condition, expected),
    stop: async () => {
      await neon.stop();
      await postgres.stop();
      await rm(stateFolder, { recursive: true });
    },
  };
}

async function waitForSessions(url: string, condition: string, expected: number): Promise<void> {
  const client = new Client(url);
  await client.connect();
  await vi.waitFor(async () => {
    const { rows } = await client.query(
      `select count(*)::int as sessions from pg_stat_activity where ${condition}`,
    );
    expect(Sessions.parse(rows)[0].sessions).toBe(expected);
  }, 25_000);
  await client.end();
}
