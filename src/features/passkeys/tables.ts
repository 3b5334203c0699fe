import { bigint, boolean, pgTable, text, timestamp } from "drizzle-orm/pg-core";
import type { Id } from "#core/ids";

export const passkeys = pgTable("passkeys", {
  id: text().$type<Id<"passkey">>().primaryKey(),
  userId: text("user_id").$type<Id<"user">>().notNull(),
  credentialId: text("credential_id").notNull(),
  publicKey: text("public_key").notNull(),
  counter: bigint({ mode: "number" }).notNull(),
  transports: text().array().notNull(),
  name: text().notNull(),
  backedUp: boolean("backed_up").notNull(),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  lastUsedAt: timestamp("last_used_at", { withTimezone: true }),
});

export type PasskeyRow = typeof passkeys.$inferSelect;
