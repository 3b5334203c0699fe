import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";

const WINDOW_MS = 10 * 60_000;

/** Keys of messages published in the last ten minutes. */
export function createDeduplicationStore(database: DatabaseSync) {
  const select = database.prepare("select message_id from deduplications where key = ? and expires_at > ?");
  const save = database.prepare("insert or replace into deduplications values (?, ?, ?)");
  const removeExpired = database.prepare("delete from deduplications where expires_at <= ?");

  return {
    find(key: string, now: number): string | undefined {
      const row = select.get(key, now);
      return row && z.object({ message_id: z.string() }).parse(row).message_id;
    },
    remember(key: string, messageId: string, now: number): void {
      removeExpired.run(now);
      save.run(key, messageId, now + WINDOW_MS);
    },
  };
}
