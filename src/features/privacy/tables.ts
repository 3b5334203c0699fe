import { boolean, pgTable, text, timestamp } from "drizzle-orm/pg-core";
import type { Id } from "#core/ids";
import { consentPurposes } from "./schema.ts";

export const consents = pgTable("consents", {
  id: text().$type<Id<"consent">>().primaryKey(),
  userId: text("user_id").$type<Id<"user">>().notNull(),
  purpose: text({ enum: consentPurposes }).notNull(),
  granted: boolean().notNull(),
  wording: text().notNull(),
  givenAt: timestamp("given_at", { withTimezone: true, mode: "date" }).notNull(),
});
