import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import { presentProfile } from "./read-profile.ts";
import { requireAccount } from "./require-account.ts";
import type { Profile, ProfilePatch } from "./schema.ts";
import { updateProfile } from "./store.ts";

/** @throws AppError version_mismatch when the profile has changed since it was read. */
export async function changeProfile(
  context: Context,
  { patch, expectedVersion }: { patch: ProfilePatch; expectedVersion: number },
): Promise<Profile> {
  const { id, name, locale } = await requireAccount(context);
  const changed = await updateProfile(context, {
    id,
    version: expectedVersion,
    name: patch.name ?? name,
    locale: patch.locale === undefined ? locale : patch.locale,
  });
  if (changed === undefined)
    throw new AppError("version_mismatch", { detail: "Read GET /auth/profile again and send its ETag." });
  return presentProfile(changed);
}
