import type { Id } from "#core/ids";
import { insertEvents } from "#events/record";
import type { Context } from "#platform/context";
import { violatesUnique } from "#platform/database";
import { findUser, findUserByEmail, insertUser } from "./store.ts";

/** What other ways to sign in need to know of an account. */
export type AccountFacts = {
  userId: Id<"user">;
  email: string;
  name: string;
  emailVerified: boolean;
  sessionVersion: number;
};

export async function findAccount(context: Context, userId: Id<"user">): Promise<AccountFacts | undefined> {
  const user = await findUser(context, userId);
  return user && factsOf(user);
}

export async function findAccountByEmail(context: Context, email: string): Promise<AccountFacts | undefined> {
  const user = await findUserByEmail(context, email);
  return user && factsOf(user);
}

type UserRow = NonNullable<Awaited<ReturnType<typeof findUser>>>;

function factsOf({ id, email, name, emailVerifiedAt, sessionVersion }: UserRow): AccountFacts {
  return { userId: id, email, name, emailVerified: emailVerifiedAt !== null, sessionVersion };
}

export type VouchedAccount = { userId: Id<"user">; email: string; name: string };

/** The statements that make an account without a password, whose e-mail somebody else has verified. */
export function openVouchedAccount(context: Context, { userId, email, name }: VouchedAccount) {
  return [
    insertUser(context, {
      id: userId,
      email,
      name,
      role: "customer",
      passwordHash: null,
      emailVerifiedAt: new Date(context.now()),
    }),
    insertEvents(context, [{ type: "user.registered", subject: userId, data: { user_id: userId } }]),
  ] as const;
}

/** True when an account with this e-mail was made at the same time. */
export function lostEmailRace(error: unknown): boolean {
  return violatesUnique(error, "users_email");
}
