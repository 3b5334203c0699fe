import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { inDatabase } from "../../in-database.ts";
import { adminToken, registerCustomer, request, stack } from "../../stack.ts";

/** Name and labels, as they stand in the text, to the value. */
async function scrape(token: string): Promise<Map<string, number>> {
  const response = await fetch(`${stack().api}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const lines = (await response.text()).trimEnd().split("\n");
  const samples = lines.filter((line) => !line.startsWith("#"));
  return new Map(
    samples.map((line) => {
      const [, name = "", value] = /^(\S+) (\S+)$/.exec(line) ?? expect.fail(`no sample: ${line}`);
      return [name, z.coerce.number().parse(value)];
    }),
  );
}

test("tells what waits, how far search and the replica are behind, and what was given up", async () => {
  const { key } = (
    await request("/admin/api-keys", {
      method: "POST",
      token: await adminToken(),
      headers: { "idempotency-key": randomUUID() },
      json: { name: `prometheus ${randomUUID()}`, permissions: ["operations:read"] },
    })
  ).as(z.object({ key: z.string() }));
  // On a busy machine one may be late with its sign of life.
  const before = await vi.waitFor(async () => {
    const samples = await scrape(key);
    expect(samples.get("tradewind_search_up")).toBe(1);
    expect(samples.get('tradewind_replica_up{replica="0"}')).toBe(1);
    return samples;
  }, 25_000);
  for (const name of [
    'tradewind_outbox_events{lane="prompt"}',
    'tradewind_outbox_oldest_seconds{lane="bulk"}',
    "tradewind_search_lag_seconds",
    "tradewind_search_lag_documents",
    "tradewind_search_documents",
    "tradewind_search_tasks",
    "tradewind_search_repaired_products_total",
    'tradewind_replica_lag_seconds{replica="0"}',
    'tradewind_replica_lag_bytes{replica="0"}',
    "tradewind_payment_events_waiting",
  ])
    expect(before.get(name), name).toBeGreaterThanOrEqual(0);

  const id = `evt_${randomUUID().replaceAll("-", "").slice(0, 26)}`;
  // Far from being due, so that it waits; and one that was given up.
  await inDatabase(
    `insert into outbox (id, type, subject, payload, created_at, leased_until, dead_at)
     select $1 || number, 'order.fulfilling', $1 || number,
       jsonb_build_object('order_id', $1::text, 'sequence', 1, 'status', 'fulfilling'), now() - interval '1 hour',
       now() + interval '1 hour', case when number = 2 then now() end
     from generate_series(1, 2) as number`,
    [id],
  );
  try {
    await vi.waitFor(
      async () => {
        const after = await scrape(key);
        expect(after.get("tradewind_dead_letters")).toBeGreaterThan(0);
        expect(after.get('tradewind_outbox_events{lane="prompt"}')).toBeGreaterThan(0);
      },
      { timeout: 25_000, interval: 500 },
    );
  } finally {
    await inDatabase("delete from outbox where subject like $1 || '%'", [id]);
  }
});

test("customers do not see them", async () => {
  const { token } = await registerCustomer();
  expect((await request("/metrics", { token })).status).toBe(403);
});
