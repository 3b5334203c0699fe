import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it, onTestFinished, vi } from "vitest";
import {
  clientOf,
  eventually,
  startDestination,
  startTestQueue,
  temporaryFolder,
  TOKEN,
  type Answer,
} from "./queue-setup.ts";

const HARD_KILLS = 6;
const PUBLISHERS = 8;
const SOON = 0.0001;
const PROGRAM = join(import.meta.dirname, "programs/hold-queue.ts");

it(`delivers every acknowledged message although the queue is killed ${HARD_KILLS} times`, async () => {
  // The client reports each publish that the kill cut off; they are the point of the test, not news.
  const clientReports = vi.spyOn(console, "error").mockReturnValue();
  onTestFinished(() => clientReports.mockRestore());
  const stateFolder = temporaryFolder();
  const destination = await startDestination((_, earlier) => ({
    status: earlier.length % 7 === 3 ? 500 : 200,
  }));
  const acknowledged: string[] = [];

  for (let kill = 0; kill < HARD_KILLS; kill++) {
    const { child, url } = await spawnQueue(stateFolder);
    const goal = acknowledged.length + 25 + kill * 5;
    const client = clientOf(url);
    const publishUntilKilled = async () => {
      while (acknowledged.length < goal) {
        const request = { url: destination.url, body: `kill ${kill}`, retries: 20 };
        const published =
          acknowledged.length % 3 === 0
            ? client.queue({ queueName: "in-order" }).enqueue(request)
            : client.publish(request);
        acknowledged.push((await published).messageId);
      }
      child.kill("SIGKILL");
    };
    await Promise.allSettled(Array.from({ length: PUBLISHERS }, publishUntilKilled));
    await exited(child);
  }

  const { stats } = await startTestQueue({ stateFolder, retryDelayScale: SOON });
  await eventually(async () =>
    expect(await stats()).toMatchObject({ pending: 0, active: 0, dead_letters: 0 }),
  );
  const delivered = new Set(destination.deliveries.map(({ headers }) => headers["upstash-message-id"]));
  expect(acknowledged.filter((id) => !delivered.has(id))).toEqual([]);
  expect(acknowledged.length).toBeGreaterThanOrEqual(HARD_KILLS * 25);
});

it("delivers again what was under way when it was killed", async () => {
  const stateFolder = temporaryFolder();
  const never = new Promise<Answer>(() => undefined);
  const destination = await startDestination((_, earlier) =>
    earlier.length === 0 ? never : { status: 200 },
  );
  const { child, url } = await spawnQueue(stateFolder);
  const { messageId } = await clientOf(url).publish({ url: destination.url, body: "x" });
  await eventually(() => expect(destination.deliveries).toHaveLength(1));
  child.kill("SIGKILL");
  await exited(child);

  const { stats } = await startTestQueue({ stateFolder });
  await eventually(async () => expect(await stats()).toMatchObject({ delivered_total: 1, retries_total: 0 }));
  expect(destination.deliveries.map(({ headers }) => headers["upstash-message-id"])).toEqual([
    messageId,
    messageId,
  ]);
});

it("keeps delayed messages, paused queues, schedules, groups and rotated keys across a restart", async () => {
  const first = await startTestQueue();
  const url = "http://127.0.0.1:9/";
  const { messageId } = await first.client.publish({ url, delay: "1h" });
  await first.client.queue({ queueName: "orders" }).upsert({ parallelism: 5, paused: true });
  await first.client.schedules.create({ scheduleId: "nightly", destination: url, cron: "0 3 * * *" });
  await first.client.urlGroups.addEndpoints({ name: "listeners", endpoints: [{ url }] });
  const keysOf = async (queueUrl: string, path: string, method: string) =>
    (await fetch(queueUrl + path, { method, headers: { authorization: `Bearer ${TOKEN}` } })).json();
  const rotated = await keysOf(first.url, "/v2/keys/rotate", "POST");
  await first.stop();

  const second = await startTestQueue({ stateFolder: first.stateFolder });
  expect(await second.client.messages.get(messageId)).toMatchObject({ url });
  const queue = await second.client.queue({ queueName: "orders" }).get();
  expect(queue).toMatchObject({ parallelism: 5, paused: true });
  expect(await second.client.schedules.list()).toMatchObject([{ scheduleId: "nightly" }]);
  expect(await second.client.urlGroups.list()).toMatchObject([{ name: "listeners" }]);
  expect(await keysOf(second.url, "/v2/keys", "GET")).toEqual(rotated);
});

it("finishes what is under way when it is stopped", async () => {
  const { client, stop, stateFolder } = await startTestQueue();
  const answer = Promise.withResolvers<Answer>();
  const destination = await startDestination(() => answer.promise);
  await client.publish({ url: destination.url });
  await eventually(() => expect(destination.deliveries).toHaveLength(1));
  const stopping = stop();
  answer.resolve({ status: 200 });
  await stopping;

  const { stats } = await startTestQueue({ stateFolder });
  expect(await stats()).toMatchObject({ pending: 0, delivered_total: 1 });
});

async function spawnQueue(stateFolder: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [PROGRAM, stateFolder, TOKEN, String(SOON)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  for await (const line of createInterface({ input: child.stdout })) return { child, url: line };
  throw new Error("The queue ended before it was up.");
}

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
