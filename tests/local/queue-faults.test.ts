import { describe, expect, it } from "vitest";
import { eventually, startDestination, startTestQueue } from "./queue-setup.ts";

describe("faults on purpose", () => {
  it("deliver a message twice under the same id", async () => {
    const { client, setFaults, stats } = await startTestQueue();
    const destination = await startDestination();
    await setFaults({ duplicate_rate: 1 });
    await client.publish({ url: destination.url, body: "x" });
    await eventually(async () => expect(await stats()).toMatchObject({ delivered_total: 1 }));
    const ids = destination.deliveries.map(({ headers }) => headers["upstash-message-id"]);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it("lose the answer, so that the destination is asked again although it has acted", async () => {
    const { client, setFaults, stats } = await startTestQueue({ retryDelayScale: 0 });
    const destination = await startDestination();
    await setFaults({ drop_ack_rate: 1 });
    await client.publish({ url: destination.url, retries: 1 });
    await eventually(async () => expect(await stats()).toMatchObject({ dead_letters: 1 }));
    expect(destination.deliveries).toHaveLength(2);
  });

  it("draw the same losses from the same seed", async () => {
    const lossesOf = async (seed: number) => {
      const { client, setFaults, stats } = await startTestQueue({ retryDelayScale: 0 });
      const destination = await startDestination();
      await setFaults({ drop_ack_rate: 0.5, seed });
      const queue = client.queue({ queueName: "in-order" });
      for (const body of "abcdefgh") await queue.enqueue({ url: destination.url, body, retries: 20 });
      await eventually(async () => expect(await stats()).toMatchObject({ delivered_total: 8 }));
      return destination.bodies().join("");
    };
    const [first, again, other] = [await lossesOf(7), await lossesOf(7), await lossesOf(8)];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it("let later messages overtake earlier ones, but never in a named queue", async () => {
    const { client, setFaults } = await startTestQueue();
    const [loose, queued] = [await startDestination(), await startDestination()];
    await setFaults({ reorder: true, seed: 3 });
    const bodies = "abcdefghij".split("");
    for (const body of bodies) {
      await client.publish({ url: loose.url, body });
      await client.queue({ queueName: "in-order" }).enqueue({ url: queued.url, body });
    }
    await eventually(() => expect(loose.deliveries.length + queued.deliveries.length).toBe(20));
    expect(queued.bodies()).toEqual(bodies);
    expect(loose.bodies()).not.toEqual(bodies);
    expect(loose.bodies().sort()).toEqual(bodies);
  });

  it("pause all deliveries until they are taken back", async () => {
    const { client, setFaults, stats } = await startTestQueue();
    const destination = await startDestination();
    await setFaults({ paused: true });
    await client.publish({ url: destination.url });
    expect(await stats()).toMatchObject({ pending: 1, active: 0 });
    await setFaults({});
    await eventually(() => expect(destination.deliveries).toHaveLength(1));
  });

  it("are refused when they are not known", async () => {
    const { setFaults } = await startTestQueue();
    const answer = await setFaults({ explode: true });
    expect(answer.status).toBe(400);
  });
});
