import { expect, test } from "vitest";
import { type EpochMs, epochMs } from "#core/time";
import { type DeliveryFailure, type OutboxRow, backoffMs, drainLimits, drainOutbox } from "#events/drain";

type Stored = OutboxRow<string> & { dueAt: EpochMs; done: boolean; dead: boolean };

/** An outbox in memory with two handlers, one of which fails while told to. */
function createOutbox(events: readonly string[]) {
  let now = epochMs(0);
  const rows: Stored[] = events.map((event, index) => ({
    position: index + 1,
    event,
    handledBy: [],
    attempts: 0,
    dueAt: now,
    done: false,
    dead: false,
  }));
  const handled: string[] = [];
  const failing = new Set<string>();
  const drain = () =>
    drainOutbox<string>({
      lease: (rowsMax, delivered) => {
        for (const row of rows) if (delivered.includes(row.position)) row.done = true;
        return Promise.resolve(
          rows.filter((row) => !row.done && !row.dead && row.dueAt <= now).slice(0, rowsMax),
        );
      },
      handlersOf: () =>
        ["mail", "search"].map((name) => ({
          name,
          handle: (event) => {
            if (failing.has(`${name} ${event}`)) return Promise.reject(new Error("down"));
            handled.push(`${name} ${event}`);
            return Promise.resolve();
          },
        })),
      markFailed: ({ position, handledBy, retryAt }: DeliveryFailure) => {
        const index = rows.findIndex((row) => row.position === position);
        const row = rows[index];
        if (!row) throw new Error("unknown row");
        const dueAt = retryAt === "dead" ? row.dueAt : retryAt;
        rows[index] = { ...row, handledBy, attempts: row.attempts + 1, dueAt, dead: retryAt === "dead" };
        return Promise.resolve();
      },
      onFailure: () => undefined,
      now: () => now,
    });
  const pass = (ms: number) => {
    now = epochMs(now + ms);
  };
  return { rows, handled, failing, drain, pass };
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

test("one event that keeps failing dies after its last attempt, and holds up no other", async () => {
  const outbox = createOutbox(["bad", "good"]);
  outbox.failing.add("mail bad");
  for (let attempt = 0; attempt < drainLimits.attemptsMax; attempt++) {
    await outbox.drain();
    outbox.pass(drainLimits.backoffMsMax);
  }
  expect(outbox.rows.map(({ done, dead }) => ({ done, dead }))).toEqual([
    { done: false, dead: true },
    { done: true, dead: false },
  ]);
});

test("more rows than one round takes are all delivered in one wake-up", async () => {
  const outbox = createOutbox(
    Array.from({ length: drainLimits.rowsPerRound * 2 + 1 }, (_, index) => `e${index}`),
  );
  expect(await outbox.drain()).toBe(drainLimits.rowsPerRound * 2 + 1);
});

test("what the last round of a wake-up delivered is marked, too", async () => {
  const outbox = createOutbox(
    Array.from({ length: drainLimits.rowsPerRound * drainLimits.roundsMax + 1 }, (_, index) => `e${index}`),
  );
  await outbox.drain();
  expect(outbox.rows.filter(({ done }) => !done)).toHaveLength(1);
});

test("a handler that takes a round together gets it once, and one bad event holds up none of the others", async () => {
  const rounds: string[][] = [];
  const failed: string[] = [];
  let rows = ["a", "bad", "c"].map((event, index) => ({
    position: index,
    event,
    handledBy: [],
    attempts: 0,
  }));
  const delivered = await drainOutbox<string>({
    lease: () => {
      const leased = rows;
      rows = [];
      return Promise.resolve(leased);
    },
    handlersOf: () => [
      {
        name: "index",
        handle: (event) => (event === "bad" ? Promise.reject(new Error("bad")) : Promise.resolve()),
        handleTogether: (events) => {
          rounds.push([...events]);
          return events.includes("bad") ? Promise.reject(new Error("bad")) : Promise.resolve();
        },
      },
    ],
    markFailed: () => Promise.resolve(),
    onFailure: (_, event) => failed.push(event),
    now: () => epochMs(0),
  });
  expect(rounds).toEqual([["a", "bad", "c"]]);
  expect(failed).toEqual(["bad"]);
  expect(delivered).toBe(2);
});

test("a handler that is bound to its event handles that event and no other of the round", async () => {
  const handled: string[] = [];
  let rows = ["a", "b", "c"].map((event, position) => ({ position, event, handledBy: [], attempts: 0 }));
  await drainOutbox<string>({
    lease: () => {
      const leased = rows;
      rows = [];
      return Promise.resolve(leased);
    },
    handlersOf: (event) => [
      {
        name: "return-stock",
        handle: () => {
          handled.push(event);
          return Promise.resolve();
        },
      },
    ],
    markFailed: () => Promise.resolve(),
    onFailure: () => undefined,
    now: () => epochMs(0),
  });
  expect(handled.toSorted()).toEqual(["a", "b", "c"]);
});
