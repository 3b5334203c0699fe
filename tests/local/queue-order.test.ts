import { describe, expect, it } from "vitest";
import { DELIVERIES_PER_ORIGIN_MAX } from "#local/queue/delivery-slots";
import { eventually, startDestination, startTestQueue, type Answer } from "./queue-setup.ts";

/** A destination whose answers wait until the test lets them go. */
async function startGatedDestination() {
  const gates: (() => void)[] = [];
  let underWay = 0;
  let mostAtOnce = 0;
  const destination = await startDestination(async () => {
    underWay++;
    mostAtOnce = Math.max(mostAtOnce, underWay);
    await new Promise<void>((open) => gates.push(open));
    underWay--;
    return { status: 200 };
  });
  return {
    ...destination,
    underWay: () => underWay,
    mostAtOnce: () => mostAtOnce,
    answerNext: () => gates.shift()?.(),
  };
}

describe("named queues", () => {
  it("deliver one message after the other, in the order of their enqueueing", async () => {
    const { client } = await startTestQueue();
    const destination = await startGatedDestination();
    const queue = client.queue({ queueName: "orders" });
    const bodies = ["1", "2", "3", "4"];
    for (const body of bodies) await queue.enqueue({ url: destination.url, body });
    expect((await queue.get()).lag).toBe(4);

    for (const [index] of bodies.entries()) {
      await eventually(() => expect(destination.deliveries).toHaveLength(index + 1));
      destination.answerNext();
    }
    await eventually(async () => expect((await queue.get()).lag).toBe(0));
    expect(destination.bodies()).toEqual(bodies);
    expect(destination.mostAtOnce()).toBe(1);
  });

  it("wait behind a message that is to be retried", async () => {
    const { client } = await startTestQueue({ retryDelayScale: 0.001 });
    const destination = await startDestination((_, earlier) => ({
      status: earlier.length === 0 ? 500 : 200,
    }));
    const queue = client.queue({ queueName: "orders" });
    await queue.enqueue({ url: destination.url, body: "first" });
    await queue.enqueue({ url: destination.url, body: "second" });
    await eventually(() => expect(destination.bodies()).toEqual(["first", "first", "second"]));
  });

  it("deliver as many at once as their parallelism says", async () => {
    const { client } = await startTestQueue();
    const destination = await startGatedDestination();
    const queue = client.queue({ queueName: "mail" });
    await queue.upsert({ parallelism: 2 });
    for (const body of ["1", "2", "3"]) await queue.enqueue({ url: destination.url, body });
    await eventually(() => expect(destination.underWay()).toBe(2));
    destination.answerNext();
    await eventually(() => expect(destination.deliveries).toHaveLength(3));
    destination.answerNext();
    destination.answerNext();
    expect(destination.mostAtOnce()).toBe(2);
  });

  it("hold everything back while they are paused", async () => {
    const { client } = await startTestQueue();
    const destination = await startDestination();
    const queue = client.queue({ queueName: "orders" });
    await queue.upsert({ paused: true });
    await queue.enqueue({ url: destination.url, body: "queued" });
    await client.publish({ url: destination.url, body: "straight" });
    await eventually(() => expect(destination.bodies()).toEqual(["straight"]));
    await queue.resume();
    await eventually(() => expect(destination.bodies()).toEqual(["straight", "queued"]));
  });

  it("take their messages with them when they are deleted", async () => {
    const { client, stats } = await startTestQueue();
    const queue = client.queue({ queueName: "orders" });
    await queue.upsert({ paused: true });
    await queue.enqueue({ url: "http://127.0.0.1:9/" });
    await queue.delete();
    expect(await client.queue().list()).toEqual([]);
    expect(await stats()).toMatchObject({ pending: 0 });
  });
});

describe("flow control", () => {
  it("keeps to the parallelism of the key", async () => {
    const { client } = await startTestQueue();
    const destination = await startGatedDestination();
    const flowControl = { key: "tenant-1", parallelism: 2 };
    for (const body of ["1", "2", "3"]) await client.publish({ url: destination.url, body, flowControl });
    await eventually(() => expect(destination.underWay()).toBe(2));
    expect(await client.flowControl.get("tenant-1")).toMatchObject({
      parallelismMax: 2,
      parallelismCount: 2,
      waitListSize: 1,
    });
    destination.answerNext();
    await eventually(() => expect(destination.deliveries).toHaveLength(3));
    destination.answerNext();
    destination.answerNext();
    expect(destination.mostAtOnce()).toBe(2);
  });

  it("starts no more in one period than the rate allows, and the rest in the next", async () => {
    const { client, advanceClock } = await startTestQueue();
    const destination = await startDestination();
    const flowControl = { key: "tenant-2", rate: 2, period: "1h" } as const;
    for (const body of ["1", "2", "3"]) await client.publish({ url: destination.url, body, flowControl });
    await eventually(async () =>
      expect(await client.flowControl.get("tenant-2")).toMatchObject({ rateCount: 2, waitListSize: 1 }),
    );
    expect(destination.deliveries.length).toBeLessThanOrEqual(2);
    await advanceClock(3_600_000);
    await eventually(() => expect(destination.deliveries).toHaveLength(3));
  });

  it("can be paused and pinned by the operator", async () => {
    const { client } = await startTestQueue();
    const destination = await startDestination();
    const flowControl = { key: "tenant-3", parallelism: 1 };
    await client.publish({ url: destination.url, body: "1", flowControl });
    await eventually(() => expect(destination.deliveries).toHaveLength(1));
    await client.flowControl.pause("tenant-3");
    await client.flowControl.pin("tenant-3", { parallelism: 7 });
    await client.publish({ url: destination.url, body: "2", flowControl });
    expect(await client.flowControl.get("tenant-3")).toMatchObject({
      isPaused: true,
      isPinnedParallelism: true,
      parallelismMax: 7,
      waitListSize: 1,
    });
    await client.flowControl.resume("tenant-3");
    await eventually(() => expect(destination.deliveries).toHaveLength(2));
  });
});

describe("a slow destination", () => {
  it("takes its own share of the slots and leaves the rest to others", async () => {
    const { client } = await startTestQueue();
    const never = new Promise<Answer>(() => undefined);
    const slow = await startDestination(() => never);
    const quick = await startDestination();
    const toSlow = Array.from({ length: DELIVERIES_PER_ORIGIN_MAX + 40 }, () => ({
      url: slow.url,
      timeout: 3,
    }));
    await client.batch(toSlow);
    await client.batch([{ url: quick.url }, { url: quick.url }]);
    await eventually(() => expect(quick.deliveries).toHaveLength(2));
    await eventually(() => expect(slow.deliveries).toHaveLength(DELIVERIES_PER_ORIGIN_MAX));
  });
});
