import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { newIdentifier } from "./identifier.ts";

const SigningKeys = z.object({ current: z.string(), next: z.string() });
export type SigningKeys = z.infer<typeof SigningKeys>;

/** The signing keys. A rotation survives a restart, unless the configured keys themselves have changed since. */
export function createSigningKeyStore(database: DatabaseSync, configured: SigningKeys) {
  database
    .prepare(
      `insert into signing_keys values (1, :current, :next, :current, :next)
       on conflict (only_row) do update set current = :current, next = :next,
         configured_current = :current, configured_next = :next
       where configured_current <> :current or configured_next <> :next`,
    )
    .run(configured);
  const select = database.prepare("select current, next from signing_keys");
  const rotate = database.prepare("update signing_keys set current = next, next = ?");

  const read = (): SigningKeys => SigningKeys.parse(select.get());
  return {
    read,
    rotate(): SigningKeys {
      rotate.run(newIdentifier("sig_"));
      return read();
    },
  };
}
