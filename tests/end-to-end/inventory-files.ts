import { createHash, createHmac } from "node:crypto";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";

/** workerd names the files of a class's objects under this key. */
const NAMESPACE_KEY = "tradewind-InventoryObject";

/** The files in which workerd keeps the inventory objects. Touch them only while the Worker is away. */
export type InventoryFiles = {
  /** Makes the SKUs' objects fail at every call, as if their storage could not be reached. */
  hide: (skus: readonly string[]) => Promise<void>;
  /** Lets the hidden objects work again, with all that they have stored. */
  bringBack: () => Promise<void>;
  /** Lets the time of a SKU's holds pass. @throws Error when one would have lasted longer than this. */
  letHoldsEnd: (sku: string, holdMsMax: number) => Promise<void>;
};

export function findInventoryFiles(workerFolder: string): InventoryFiles {
  const folder = join(workerFolder, "do", NAMESPACE_KEY);
  const away = join(workerFolder, "hidden-inventory");
  const hidden = new Set<string>();
  const filesOf = async (sku: string): Promise<string[]> => {
    const id = objectIdOf(sku);
    return (await readdir(folder)).filter((name) => name.startsWith(id));
  };
  return {
    hide: async (skus) => {
      await mkdir(away, { recursive: true });
      for (const sku of skus) {
        const files = await filesOf(sku);
        if (files.length === 0) throw new Error(`${sku} has no object yet.`);
        for (const file of files) await rename(join(folder, file), join(away, file));
        // Where SQLite wants a file it finds a folder, and cannot open that.
        await mkdir(join(folder, `${objectIdOf(sku)}.sqlite`));
        hidden.add(sku);
      }
    },
    bringBack: async () => {
      for (const sku of hidden) await rm(join(folder, `${objectIdOf(sku)}.sqlite`), { recursive: true });
      hidden.clear();
      for (const file of await readdir(away)) await rename(join(away, file), join(folder, file));
    },
    letHoldsEnd: async (sku, holdMsMax) => {
      const database = new DatabaseSync(join(folder, `${objectIdOf(sku)}.sqlite`));
      const held = database
        .prepare("select max(expires_at) as at from reservations where status = 'held'")
        .get();
      const { at } = z.object({ at: z.number() }).parse(held);
      if (at > Date.now() + holdMsMax)
        throw new Error(`A hold on ${sku} ends only at ${new Date(at).toISOString()}.`);
      database.prepare("update reservations set expires_at = ? where status = 'held'").run(Date.now());
      database.close();
      await Promise.resolve();
    },
  };
}

/** How workerd makes an object's id of its name: half of it authenticates the name, the other half the first. */
function objectIdOf(name: string): string {
  const key = createHash("sha256").update(NAMESPACE_KEY).digest();
  const mac = (data: string | Buffer): Buffer =>
    createHmac("sha256", key).update(data).digest().subarray(0, 16);
  const first = mac(name);
  return Buffer.concat([first, mac(first)]).toString("hex");
}
