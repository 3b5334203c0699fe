import { bigint, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";
import type { Id } from "#core/ids";

export const authenticators = pgTable("authenticators", {
  userId: text("user_id").$type<Id<"user">>().primaryKey(),
  secret: text().notNull(),
  keyId: text("key_id").notNull(),
  confirmedAt: timestamp("confirmed_at", { withTimezone: true }),
  lastStep: bigint("last_step", { mode: "number" }).notNull().default(0),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
});

export const recoveryCodes = pgTable(
  "recovery_codes",
  {
    userId: text("user_id").$type<Id<"user">>().notNull(),
    codeHash: text("code_hash").notNull(),
    usedAt: timestamp("used_at", { withTimezone: true }),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.codeHash] })],
);

export type AuthenticatorRow = typeof authenticators.$inferSelect;
