import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";

/**
 * Makes a folder of the cache where it is not there yet. It is made under another name and renamed when complete, so
 * a half-made one is never used, and several starts may make it at the same time.
 */
export async function makeOnce(folder: string, make: (partial: string) => Promise<void>): Promise<void> {
  if (existsSync(folder)) return;
  const partial = `${folder}.${process.pid}`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true, mode: 0o700 });
  try {
    await make(partial);
    // Another start may have made the same folder meanwhile.
    await rename(partial, folder).catch((fault: unknown) => {
      if (!existsSync(folder)) throw fault;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}
