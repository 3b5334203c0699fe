import { expect, test, vi } from "vitest";
import { type EpochMs, epochMs } from "#core/time";
import { createBulkLane } from "#events/bulk-lane";
import {
  type DeliveryFailure,
  type Handler,
  type OutboxRow,
  backoffMs,
  deliveryLimits,
} from "#events/deliver-round";
import { drainLimits, drainOutbox, nextRoundSize } from "#events/drain";

const patience = 25_000;

type Stored = OutboxRow<string> & { dueAt: EpochMs; done: boolean; dead: boolean };

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `e${index}`);
}

/** An outbox in memory with two handlers, one of which fails while told to. What begins with "bulk" is bulk. */
function createOutbox(events: readonly string[], handlers?: readonly Handler<string>[]) {
  let now = epochMs(0);
  const rows: Stored[] = [];
  const record = (event: string, covers: readonly number[] = []) =>
    rows.push({
      position: rows.length + 1,
      covers,
      isBulk: event.startsWith("bulk"),
      event,
      recordedAt: now,
      handledBy: [],
      attempts: 0,
      dueAt: now,
      done: false,
      dead: false,
    });
  for (const event of events) record(event);
  const takeBulkTurn = createBulkLane(() => now);
  const looks: number[] = [];
  let wakeUps = 0;
  const handled: string[] = [];
  const failing = new Set<string>();
  const refusing = new Set<string>();
  const failures: string[][] = [];
  const usual = ["mail", "search"].map((name) => ({
    name,
    handle: (event: string) => {
      if (failing.has(`${name} ${event}`)) return Promise.reject(new Error("down"));
      if (refusing.has(`${name} ${event}`)) return Promise.reject(new Error("moving"));
      handled.push(`${name} ${event}`);
      return Promise.resolve();
    },
  }));
  const lease = (rowsMax: number, isBulk: boolean) =>
    rows
      .filter((row) => row.isBulk === isBulk && !row.done && !row.dead && row.dueAt <= now)
      .slice(0, rowsMax);
  const drain = () =>
    drainOutbox<string>({
      lease: ({ prompt, bulk }, delivered) => {
        for (const row of rows) if (delivered.includes(row.position)) row.done = true;
        if (bulk > 0) looks.push(bulk);
        return Promise.resolve([...lease(prompt, false), ...lease(bulk, true)]);
      },
      takeBulkTurn,
      handlersOf: () => handlers ?? usual,
      markFailed: (failures: readonly DeliveryFailure[]) => {
        for (const { position, handledBy, retryAt, isAttempt } of failures) {
          const row = rows[position - 1];
          if (!row) throw new Error("unknown row");
          const dueAt = retryAt === "dead" ? row.dueAt : retryAt;
          rows[position - 1] = {
            ...row,
            handledBy,
            attempts: row.attempts + (isAttempt ? 1 : 0),
            dueAt,
            dead: retryAt === "dead",
          };
        }
        return Promise.resolve();
      },
      onFailure: (_, blamed) => failures.push([...blamed]),
      isPassing: (error) => error instanceof Error && error.message === "moving",
      wakeAgain: () => {
        wakeUps += 1;
        return Promise.resolve();
      },
      now: () => now,
    });
  const pass = (ms: number) => {
    now = epochMs(now + ms);
  };
  return { rows, record, handled, failing, refusing, failures, looks, drain, pass, wakeUps: () => wakeUps };
}

test("every handler gets every event", async () => {
  const outbox = createOutbox(["a", "b"]);
  expect(await outbox.drain()).toBe(2);
  expect(outbox.handled.toSorted()).toEqual(["mail a", "mail b", "search a", "search b"]);
});

test("a handler that failed gets the event again, later, and without those that succeeded", async () => {
  const outbox = createOutbox(["a"]);
  outbox.failing.add("mail a");
  expect(await outbox.drain()).toBe(0);
  outbox.failing.clear();
  expect(await outbox.drain()).toBe(0);
  outbox.pass(backoffMs(1));
  expect(await outbox.drain()).toBe(1);
  expect(outbox.handled).toEqual(["search a", "mail a"]);
});

test("an event that is refused for now waits as long as that takes, and no attempt is counted", async () => {
  const outbox = createOutbox(["erased"]);
  outbox.refusing.add("mail erased");
  for (let tries = 0; tries < 3 * deliveryLimits.attemptsMax; tries++) {
    await outbox.drain();
    outbox.pass(deliveryLimits.putOffMs);
  }
  expect(outbox.rows).toMatchObject([{ attempts: 0, dead: false, done: false, handledBy: ["search"] }]);
  expect(outbox.failures).toHaveLength(3 * deliveryLimits.attemptsMax);
  outbox.refusing.clear();
  expect(await outbox.drain()).toBe(1);
  expect(outbox.handled).toEqual(["search erased", "mail erased"]);
});

test("what is refused for days is given up like what fails", async () => {
  const outbox = createOutbox(["erased"]);
  outbox.refusing.add("mail erased");
  outbox.pass(deliveryLimits.putOffAgeMsMax);
  for (let attempt = 0; attempt < deliveryLimits.attemptsMax; attempt++) {
    await outbox.drain();
    outbox.pass(deliveryLimits.backoffMsMax);
  }
  expect(outbox.rows).toMatchObject([{ attempts: deliveryLimits.attemptsMax, dead: true }]);
});

test("an event that one handler refuses for now and another fails has failed", async () => {
  for (const [failing, refusing] of [
    ["mail a", "search a"],
    ["search a", "mail a"],
  ] as const) {
    const outbox = createOutbox(["a"]);
    outbox.failing.add(failing);
    outbox.refusing.add(refusing);
    await outbox.drain();
    expect(outbox.rows).toMatchObject([{ attempts: 1 }]);
  }
});

test("one event that keeps failing dies after its last attempt, and holds up no other", async () => {
  const outbox = createOutbox(["bad", "good"]);
  outbox.failing.add("mail bad");
  for (let attempt = 0; attempt < deliveryLimits.attemptsMax; attempt++) {
    await outbox.drain();
    outbox.pass(deliveryLimits.backoffMsMax);
  }
  expect(outbox.rows.map(({ done, dead }) => ({ done, dead }))).toEqual([
    { done: false, dead: true },
    { done: true, dead: false },
  ]);
});

test("more rows than one round takes are all delivered in one wake-up", async () => {
  const outbox = createOutbox(numbered(drainLimits.rowsPerRound * 2 + 1));
  expect(await outbox.drain()).toBe(drainLimits.rowsPerRound * 2 + 1);
});

test("a drain whose time is up marks what it delivered and asks for another", async () => {
  const slow = { name: "slow", handle: () => Promise.resolve(outbox.pass(drainLimits.drainMsMax)) };
  const outbox = createOutbox(numbered(drainLimits.rowsPerRound + 1), [slow]);
  await outbox.drain();
  expect(outbox.rows.filter(({ done }) => !done)).toHaveLength(1);
  expect(outbox.wakeUps()).toBe(1);
});

/** Takes what it is given together, and fails of it whatever is bad. */
function indexing(isBad: (event: string) => boolean) {
  const parts: string[][] = [];
  const handler: Handler<string> = {
    name: "index",
    handle: (event) => (isBad(event) ? Promise.reject(new Error("bad")) : Promise.resolve()),
    handleTogether: (events) => {
      parts.push([...events]);
      return events.some(isBad) ? Promise.reject(new Error("bad")) : Promise.resolve({ bytes: 0 });
    },
  };
  return { parts, handler };
}

test("a handler that takes a round together gets it once, and one bad event holds up none of the others", async () => {
  const { parts, handler } = indexing((event) => event === "e37");
  const outbox = createOutbox(numbered(50), [handler]);
  expect(await outbox.drain()).toBe(49);
  expect(parts[0]).toHaveLength(50);
  // Half by half it was found, with two parts a halving.
  expect(parts.length).toBeLessThan(2 * Math.log2(50) + 1);
  expect(outbox.failures).toEqual([["e37"]]);
  expect(outbox.rows.filter(({ done }) => !done).map(({ event }) => event)).toEqual(["e37"]);
});

test("when everything fails, that is told once, soon tried again and no reason to give any event up", async () => {
  let isAway = true;
  const { parts, handler } = indexing(() => isAway);
  const outbox = createOutbox(numbered(50), [handler]);
  for (let attempt = 1; attempt <= deliveryLimits.attemptsMax + 3; attempt++) {
    expect(await outbox.drain()).toBe(0);
    expect(outbox.failures).toHaveLength(attempt);
    outbox.pass(deliveryLimits.awayBackoffMsMax);
  }
  expect(outbox.failures[0]).toHaveLength(50);
  expect(parts.length).toBeLessThan(12 * (deliveryLimits.attemptsMax + 3));
  isAway = false;
  expect(await outbox.drain()).toBe(50);
});

test("an event that stands for later ones of its subject delivers them, too", async () => {
  const outbox = createOutbox([]);
  outbox.record("bulk a", [2, 3]);
  for (const _ of [2, 3]) outbox.record("bulk a");
  for (const row of outbox.rows.slice(1)) row.dueAt = epochMs(1);
  expect(await outbox.drain()).toBe(3);
  expect(outbox.rows.every(({ done }) => done)).toBe(true);
  expect(outbox.handled).toEqual(["mail bulk a", "search bulk a"]);
});

test("what is prompt is delivered while a round of the bulk hangs", async () => {
  const hanging = Promise.withResolvers<void>();
  const told: string[] = [];
  const handler: Handler<string> = {
    name: "any",
    handle: async (event) => {
      if (event.startsWith("bulk")) await hanging.promise;
      told.push(event);
    },
  };
  const bulk = numbered(drainLimits.rowsPerRound).map((name) => `bulk ${name}`);
  const outbox = createOutbox([...bulk, "paid"], [handler]);
  const first = outbox.drain();
  await vi.waitFor(() => expect(outbox.rows.at(-1)?.done).toBe(true), patience);
  outbox.record("paid later");
  expect(await outbox.drain()).toBe(1);
  expect(told).toEqual(["paid", "paid later"]);
  hanging.resolve();
  expect(await first).toBe(drainLimits.rowsPerRound + 1);
});

test("what comes into the bulk while its drain makes the last look is found by that drain", async () => {
  const outbox = createOutbox([]);
  const first = outbox.drain();
  outbox.record("bulk late");
  expect(await outbox.drain()).toBe(0);
  expect(await first).toBe(1);
});

test("rounds of a bulk grow while they are full, and shrink where they move much", async () => {
  const outbox = createOutbox(numbered(1_500).map((name) => `bulk ${name}`));
  await outbox.drain();
  expect(outbox.looks.slice(0, 6)).toEqual([50, 100, 200, 400, 500, 500]);
  const { bulkBytesMax } = drainLimits;
  expect(nextRoundSize(400, { rows: 400, bytes: bulkBytesMax * 4 })).toBe(100);
  expect(nextRoundSize(50, { rows: 50, bytes: bulkBytesMax * 1_000 })).toBe(1);
  expect(nextRoundSize(100, { rows: 40, bytes: 1 })).toBe(100);
});

test("a handler that is bound to its event handles that event and no other of the round", async () => {
  const told: string[] = [];
  const events = ["a", "b", "c"];
  let rows = createOutbox(events).rows;
  await drainOutbox<string>({
    lease: () => {
      const leased = rows;
      rows = [];
      return Promise.resolve(leased);
    },
    takeBulkTurn: () => undefined,
    handlersOf: (event) => [
      {
        name: "return-stock",
        handle: () => {
          told.push(event);
          return Promise.resolve();
        },
      },
    ],
    markFailed: () => Promise.resolve(),
    onFailure: () => undefined,
    isPassing: () => false,
    wakeAgain: () => Promise.resolve(),
    now: () => epochMs(0),
  });
  expect(told.toSorted()).toEqual(events);
});
