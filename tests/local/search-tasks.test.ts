import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { clientOf, MASTER_KEY, startTestSearch, steer, temporaryFolder } from "./search-setup.ts";

const PROGRAM = join(import.meta.dirname, "programs/hold-search.ts");

test("tasks run in the order in which they came and can be filtered and paged", async () => {
  const { client } = await startTestSearch();
  const enqueued = [
    await client.createIndex("a"),
    await client.createIndex("b"),
    await client.createIndex("c"),
  ];
  expect(enqueued[0]).toMatchObject({ taskUid: 0, status: "enqueued", type: "indexCreation" });
  const tasks = await client.tasks.waitForTasks(enqueued);
  expect(tasks.map(({ status, batchUid }) => [status, batchUid])).toEqual(
    [0, 1, 2].map((uid) => ["succeeded", uid]),
  );
  expect(tasks[0]?.duration).toMatch(/^PT\d+\.\d+S$/);
  const page = await client.tasks.getTasks({ limit: 2 });
  expect(page).toMatchObject({ total: 3, limit: 2, from: 2, next: 0 });
  const filtered = await client.tasks.getTasks({ indexUids: ["b"], statuses: ["succeeded"] });
  expect(filtered.results.map(({ uid }) => uid)).toEqual([1]);
  await expect(client.tasks.getTask(99)).rejects.toMatchObject({ cause: { code: "task_not_found" } });
  const deletion = await client.tasks.deleteTasks({ uids: [0, 1] }).waitTask();
  expect(deletion.details).toMatchObject({ matchedTasks: 2, deletedTasks: 2 });
  await expect(client.tasks.getTask(0)).rejects.toMatchObject({ cause: { code: "task_not_found" } });
});

test("a waiting task can be canceled while the queue stands still", async () => {
  const { client, url } = await startTestSearch();
  await steer(url, { paused_tasks: true });
  const waiting = await client.createIndex("never");
  const canceling = await client.tasks.cancelTasks({ uids: [waiting.taskUid] });
  expect((await client.tasks.getTask(waiting.taskUid)).status).toBe("enqueued");
  await steer(url, { paused_tasks: false });
  const canceled = await client.tasks.waitForTask(canceling);
  expect(canceled).toMatchObject({ status: "succeeded", details: { canceledTasks: 1 } });
  expect(await client.tasks.getTask(waiting.taskUid)).toMatchObject({
    status: "canceled",
    canceledBy: canceling.taskUid,
  });
  expect((await client.getIndexes()).results).toEqual([]);
});

test("documents, settings, keys and tasks survive a restart", async () => {
  const first = await startTestSearch();
  const key = await first.client.createKey({ actions: ["search"], indexes: ["products"], expiresAt: null });
  await first.client
    .index("products")
    .updateSettings({ filterableAttributes: ["brand"] })
    .waitTask();
  await first.client
    .index("products")
    .addDocuments([{ id: 1, title: "Mug", brand: "Acme" }])
    .waitTask();
  await first.stop();

  const second = await startTestSearch(first.stateFolder);
  const { hits } = await clientOf(second.url, key.key)
    .index("products")
    .search("mug", { filter: "brand = acme" });
  expect(hits).toHaveLength(1);
  expect((await second.client.tasks.getTasks()).total).toBe(2);
});

test("tasks that were accepted before a hard kill are done after the restart", async () => {
  const stateFolder = temporaryFolder();
  const { url, kill } = await holdSearch(stateFolder);
  const client = clientOf(url);
  await client.createIndex("products", { primaryKey: "id" }).waitTask();
  const documents = Array.from({ length: 3000 }, (_, id) => ({ id, title: `Mug number ${id}` }));
  const running = await client.index("products").addDocuments(documents);
  const waiting = await client.index("products").addDocuments([{ id: "last", title: "Teapot" }]);
  await kill();

  const revived = await startTestSearch(stateFolder);
  const tasks = await revived.client.tasks.waitForTasks([running.taskUid, waiting.taskUid]);
  expect(tasks.map(({ status }) => status)).toEqual(["succeeded", "succeeded"]);
  expect((await revived.client.index("products").getStats()).numberOfDocuments).toBe(3001);
  expect((await revived.client.index("products").search("teapot")).hits).toHaveLength(1);
});

test("health and searches are answered while documents are being indexed", async () => {
  const { client } = await startTestSearch();
  const products = client.index("products");
  await products.addDocuments([{ id: "first", title: "Teapot" }]).waitTask();
  const documents = Array.from({ length: 5000 }, (_, id) => ({
    id,
    title: `Mug ${id}`,
    text: "blue cup ".repeat(20),
  }));
  const answersMeanwhile = async () => {
    const { taskUid } = await products.addDocuments(documents);
    let answers = 0;
    while ((await client.tasks.getTask(taskUid)).status !== "succeeded") {
      expect((await products.search("teapot")).hits).toHaveLength(1);
      await client.health();
      answers += 1;
    }
    return answers;
  };
  // On a busy machine the asking itself may be slower than the indexing.
  await expect.poll(answersMeanwhile).toBeGreaterThan(2);
});

test("documents that are replaced again and again are found once, with their latest words", async () => {
  const { client } = await startTestSearch();
  const products = client.index("products");
  for (const color of ["red", "green", "blue", "white"]) {
    const documents = Array.from({ length: 2600 }, (_, id) => ({ id, title: `Mug ${color}` }));
    await products.addDocuments(documents).waitTask();
  }
  expect((await products.search("mug white", { hitsPerPage: 1 })).totalHits).toBe(1000);
  expect((await products.search("blue")).hits).toEqual([]);
  expect((await products.getStats()).numberOfDocuments).toBe(2600);
});

async function holdSearch(stateFolder: string) {
  const child = spawn(process.execPath, [PROGRAM, stateFolder, MASTER_KEY], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  onTestFinished(kill);
  for await (const line of createInterface({ input: child.stdout })) return { url: line, kill };
  throw new Error("The search server ended before it told its URL.");
}
