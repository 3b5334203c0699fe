import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { newId } from "#core/ids";
import { currentTime } from "#core/time";
import { inDatabase } from "../in-database.ts";
import { adminToken, registerCustomer, request, stack } from "../stack.ts";

const Letters = z.object({
  data: z.array(z.object({ id: z.string(), kind: z.string(), last_error: z.string().nullable() })),
});

/** An id of the form that events have. */
function newEventId(): string {
  return `evt_${randomUUID().replaceAll("-", "").slice(0, 26)}`;
}

test("an event that was given up is listed, and its replay is delivered", async () => {
  const token = await adminToken();
  const id = newEventId();
  await inDatabase(
    `insert into outbox (id, type, subject, payload, attempts, last_error, dead_at)
     values ($1, 'order.authorised', $2, $3, 12, 'search was down', now())`,
    [id, randomUUID(), { order_id: "ord_gone", sequence: 1, status: "authorised" }],
  );
  const listed = (await request("/admin/dead-letters", { token })).as(Letters).data;
  expect(listed).toContainEqual({ id, kind: "event", last_error: "search was down" });
  expect((await request(`/admin/dead-letters/${id}/replay`, { method: "POST", token })).status).toBe(202);
  await vi.waitFor(async () => {
    const rows = await inDatabase("select 1 from outbox where id = $1 and delivered_at is not null", [id]);
    expect(rows).toHaveLength(1);
  }, 25_000);
  expect((await request(`/admin/dead-letters/${id}/replay`, { method: "POST", token })).status).toBe(404);
});

test("a handler's fault reaches the error tracker, with ids as tags and nothing personal", async () => {
  const id = newEventId();
  await inDatabase("insert into outbox (id, type, subject, payload) values ($1, 'order.placed', $2, $3)", [
    id,
    randomUUID(),
    {
      order_id: "no order's id",
      sequence: 1,
      status: "pending_payment",
      cart_id: newId("cart", currentTime()),
    },
  ]);
  const Events = z.object({
    events: z.array(z.object({ tags: z.record(z.string(), z.string()).nullable(), request: z.unknown() })),
  });
  await vi.waitFor(async () => {
    const response = await fetch(`${stack().services.sentry}/events`);
    const { events } = Events.parse(await response.json());
    expect(events.map(({ tags }) => tags)).toContainEqual(
      expect.objectContaining({ event_id: id, handler: "clear-cart" }),
    );
  }, 25_000);
});

test.each([
  ["a type that this release does not know", "order.teleported", {}],
  ["data of another release", "order.placed", { order: 7 }],
])("an event with %s waits, and those after it are delivered", async (_what, type, payload) => {
  const id = newEventId();
  const subject = randomUUID();
  await inDatabase("insert into outbox (id, type, subject, payload) values ($1, $2, $3, $4)", [
    id,
    type,
    subject,
    payload,
  ]);
  const after = newEventId();
  await inDatabase(
    `insert into outbox (id, type, subject, payload) values ($1, 'order.authorised', $2, $3)`,
    [after, randomUUID(), { order_id: "ord_gone", sequence: 1, status: "authorised" }],
  );
  await registerCustomer();
  const Told = z.object({ told: z.boolean(), attempts: z.int(), last_error: z.string().nullable() });
  const read = async (event: string) =>
    z
      .tuple([Told])
      .parse(
        await inDatabase(
          "select delivered_at is not null as told, attempts, last_error from outbox where id = $1",
          [event],
        ),
      )[0];
  try {
    await vi.waitFor(async () => expect(await read(after)).toMatchObject({ told: true }), 25_000);
    await vi.waitFor(async () => expect((await read(id)).attempts).toBeGreaterThan(0), 25_000);
    expect(await read(id)).toMatchObject({ told: false, last_error: expect.any(String) });
  } finally {
    await inDatabase("delete from outbox where id = $1", [id]);
  }
});

test("customers do not see dead letters", async () => {
  const { token } = await registerCustomer();
  expect((await request("/admin/dead-letters", { token })).status).toBe(403);
});
