import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test } from "vitest";
import { GroupCommit, groupLimits } from "#durable-objects/inventory/group-commit";

afterEach(() => reset());

const noHooks = { open: () => undefined, close: () => Promise.resolve(), undone: () => {} };

/** Runs the work beside a group commit over the real storage of an object. */
async function beside<Result>(
  work: (group: GroupCommit<number>, sizes: number[]) => Promise<Result>,
): Promise<Result> {
  const inventory = env.INVENTORY.get(env.INVENTORY.idFromName("group"));
  return runInDurableObject(inventory, (_, { storage }) => {
    const sizes: number[] = [];
    const hooks = { ...noHooks, open: () => sizes.push(0) };
    return work(new GroupCommit(storage, hooks), sizes);
  });
}

test("a lone command is decided at once; what comes meanwhile is one group, in order of arrival", async () => {
  await beside(async (group, sizes) => {
    const order: number[] = [];
    const submit = (each: number) =>
      group.submit((groupNumber) => {
        order.push(each);
        return groupNumber;
      });
    const replies = await Promise.all(Array.from({ length: 50 }, (_, each) => submit(each)));
    expect(replies).toEqual([1, ...Array.from({ length: 49 }, () => 2)]);
    expect(order).toEqual(Array.from({ length: 50 }, (_, each) => each));
    expect(sizes).toHaveLength(2);
  });
});

test("a group has its limit", async () => {
  await beside(async (group, sizes) => {
    const commands = Array.from({ length: 1 + groupLimits.commandsMax + 1 }, () => group.submit(() => true));
    await Promise.all(commands);
    expect(sizes).toHaveLength(3);
  });
});

test("the queue has its limit, beyond which a command fails and may be tried again", async () => {
  await beside(async (group) => {
    const fill = Array.from({ length: groupLimits.waitingMax + 1 }, () => group.submit(() => true));
    await expect(group.submit(() => true)).rejects.toThrow("overloaded");
    await Promise.all(fill);
    expect(await group.submit(() => "again")).toBe("again");
  });
});

test("a command that throws undoes its own writes only, and its caller is told", async () => {
  const inventory = env.INVENTORY.get(env.INVENTORY.idFromName("group"));
  await runInDurableObject(inventory, async (_, { storage }) => {
    storage.sql.exec("create table notes (note text)");
    const group = new GroupCommit(storage, noHooks);
    const write = (note: string) => storage.sql.exec("insert into notes values (?)", note);
    const outcomes = await Promise.allSettled([
      group.submit(() => void write("alone")),
      group.submit(() => void write("first")),
      group.submit(() => {
        write("undone");
        throw new Error("fault");
      }),
      group.submit(() => void write("last")),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
    const notes = storage.sql.exec<{ note: string }>("select note from notes").toArray();
    expect(notes.map(({ note }) => note)).toEqual(["alone", "first", "last"]);
  });
});

test("a group whose transaction fails tells every caller, and the next group goes on", async () => {
  const inventory = env.INVENTORY.get(env.INVENTORY.idFromName("group"));
  await runInDurableObject(inventory, async (_, { storage }) => {
    let failing = true;
    const open = () => {
      if (failing) throw new Error("no ground");
    };
    const group = new GroupCommit(storage, { ...noHooks, open });
    const outcomes = await Promise.allSettled([group.submit(() => 1), group.submit(() => 2)]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    failing = false;
    expect(await group.submit(() => 3)).toBe(3);
  });
});
