import { desc, eq } from "drizzle-orm";
import type { Id } from "#core/ids";
import { newId } from "#core/ids";
import { epochMs, toTimestamp } from "#core/time";
import { signedInUser } from "#features/auth/signed-in-user";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { recordAnswer } from "#platform/idempotency";
import { type ConsentPurpose, type ConsentWire, consentPurposes, type GiveConsent } from "./schema.ts";
import { consents } from "./tables.ts";

type ConsentRow = typeof consents.$inferSelect;

/** What the signed-in customer has agreed to, each purpose as it was last answered. */
export async function readConsents(context: Context): Promise<ConsentWire[]> {
  const rows = await selectConsents(context, signedInUser(context).userId);
  return consentPurposes.map((purpose) => {
    const newest = rows.find((row) => row.purpose === purpose);
    return newest ? presentConsent(newest) : { purpose, granted: false, wording: null, given_at: null };
  });
}

/** Records an answer. Nothing is overwritten: what was agreed to before stays provable. */
export async function giveConsent(
  context: Context,
  purpose: ConsentPurpose,
  { granted, wording }: GiveConsent,
): Promise<ConsentWire> {
  const now = context.now();
  const row: ConsentRow = {
    id: newId("consent", now),
    userId: signedInUser(context).userId,
    purpose,
    granted,
    wording,
    givenAt: new Date(now),
  };
  const consent = presentConsent(row);
  await transact(context.databases.primary, [
    context.databases.primary.insert(consents).values(row),
    ...recordAnswer(context, consent),
  ]);
  return consent;
}

/** Every answer that the customer ever gave, newest first. */
export function selectConsents(context: Context, userId: Id<"user">) {
  return context.databases.primary
    .select()
    .from(consents)
    .where(eq(consents.userId, userId))
    .orderBy(desc(consents.id));
}

export function presentConsent({ purpose, granted, wording, givenAt }: ConsentRow): ConsentWire {
  return { purpose, granted, wording, given_at: toTimestamp(epochMs(givenAt.getTime())) };
}
