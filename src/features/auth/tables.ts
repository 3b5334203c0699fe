import { bigint, integer, pgTable, text, timestamp } from "drizzle-orm/pg-core";
import type { Id } from "#core/ids";
import type { SignInMethod } from "#core/principal";

export const users = pgTable("users", {
  id: text().$type<Id<"user">>().primaryKey(),
  email: text().notNull(),
  name: text().notNull(),
  role: text({ enum: ["customer", "staff", "admin"] }).notNull(),
  passwordHash: text("password_hash"),
  emailVerifiedAt: timestamp("email_verified_at", { withTimezone: true }),
  sessionVersion: integer("session_version").notNull().default(1),
  locale: text(),
  disabledAt: timestamp("disabled_at", { withTimezone: true }),
  version: bigint({ mode: "number" }).notNull().default(1),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  updatedAt: timestamp("updated_at", { withTimezone: true }).notNull().defaultNow(),
});

export const sessions = pgTable("sessions", {
  id: text().$type<Id<"session">>().primaryKey(),
  userId: text("user_id").$type<Id<"user">>().notNull(),
  refreshHash: text("refresh_hash").notNull(),
  previousRefreshHash: text("previous_refresh_hash"),
  rotatedAt: timestamp("rotated_at", { withTimezone: true }).notNull().defaultNow(),
  userAgent: text("user_agent"),
  network: text(),
  expiresAt: timestamp("expires_at", { withTimezone: true }).notNull(),
  revokedAt: timestamp("revoked_at", { withTimezone: true }),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  authenticatedAt: timestamp("authenticated_at", { withTimezone: true }).notNull().defaultNow(),
  methods: text().array().$type<SignInMethod[]>().notNull(),
});

const mailTokenPurposes = ["verify_email", "change_email", "reset_password"] as const;
export type MailTokenPurpose = (typeof mailTokenPurposes)[number];

export const mailTokens = pgTable("mail_tokens", {
  id: text().$type<Id<"mailToken">>().primaryKey(),
  purpose: text({ enum: mailTokenPurposes }).notNull(),
  tokenHash: text("token_hash").notNull(),
  userId: text("user_id").$type<Id<"user">>(),
  email: text(),
  replacedEmail: text("replaced_email"),
  expiresAt: timestamp("expires_at", { withTimezone: true }).notNull(),
  usedAt: timestamp("used_at", { withTimezone: true }),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
});
export type MailTokenRow = typeof mailTokens.$inferSelect;

export type UserRow = typeof users.$inferSelect;
