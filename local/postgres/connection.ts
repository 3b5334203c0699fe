import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { LOCAL_LOGIN } from "./settings.ts";

const POLL_MS = 5;

/** Lends a connection of the superuser for as long as the work lasts. */
export async function withClient<Result>(
  port: number,
  work: (client: Client) => Promise<Result>,
  database: string = LOCAL_LOGIN.database,
): Promise<Result> {
  const client = new Client({ host: "127.0.0.1", port, ...LOCAL_LOGIN, database });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export async function holds(client: Client, condition: string, values: string[] = []): Promise<boolean> {
  const { rows } = await client.query({ text: `select ${condition}`, values, rowMode: "array" });
  return rows[0]?.[0] === true;
}

/** Asks again and again until the condition holds; `what` completes "Waited in vain until …". */
export async function until(what: string, timeoutMs: number, met: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await met())) {
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain until ${what}.`);
    await sleep(POLL_MS);
  }
}
