import { AppError } from "#core/errors";
import { type Id, newId } from "#core/ids";
import { insertEvents } from "#events/record";
import {
  type AccountFacts,
  findAccount,
  findAccountByEmail,
  lostEmailRace,
  openVouchedAccount,
} from "#features/auth/accounts";
import type { SignedIn } from "#features/auth/schema";
import { signIn } from "#features/auth/sign-in";
import { demandSecondFactor } from "#features/mfa/pending-sign-in";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { decideAboutStranger, nameFrom } from "./rules.ts";
import type { CodeExchange } from "./schema.ts";
import { findIdentity, insertIdentity, lostIdentityRace, noteIdentityUse } from "./store.ts";
import { takeArrival } from "./take-arrival.ts";
import type { Arrival } from "./under-way.ts";

/** The first try, and one more after somebody else made the account or the link at the same time. */
const triesMax = 2;

/**
 * Ends a sign-in at a provider: into the account that the identity opens, or into a new one.
 * @throws AppError sign_in_failed, provider_email_unverified, account_not_linked, mfa_required.
 */
export async function exchangeCode(
  context: Context,
  { exchange, userAgent }: { exchange: CodeExchange; userAgent: string | undefined },
): Promise<SignedIn> {
  const arrival = await takeArrival(context, exchange);
  if (arrival.linkTo !== null)
    throw new AppError("sign_in_failed", {
      detail: "This code links an identity; send it to POST /auth/identities with your access token.",
    });
  const { userId, sessionVersion } = await accountOf(context, arrival);
  const methods = ["federated"] as const;
  await demandSecondFactor(context, { userId, sessionVersion, methods });
  const { authenticatedAt } = arrival;
  return signIn(context, { userId, sessionVersion, methods, authenticatedAt, userAgent });
}

async function accountOf(
  context: Context,
  arrival: Arrival,
): Promise<Pick<AccountFacts, "userId" | "sessionVersion">> {
  for (let attempt = 1; ; attempt++) {
    const known = await findIdentity(context, arrival);
    const account = known && (await findAccount(context, known.userId));
    if (known !== undefined && account !== undefined) {
      await noteIdentityUse(context, known.id);
      return account;
    }
    try {
      return await admitStranger(context, arrival);
    } catch (error) {
      const lost = lostEmailRace(error) || lostIdentityRace(error);
      if (lost && attempt < triesMax) continue;
      if (lost) throw notLinked(arrival);
      throw error;
    }
  }
}

/** @throws AppError provider_email_unverified, account_not_linked; the database's error when a race was lost. */
async function admitStranger(context: Context, arrival: Arrival) {
  const { provider, email, name } = arrival;
  const account = email === null ? undefined : await findAccountByEmail(context, email);
  const decision = decideAboutStranger(arrival, account);
  if (!decision.ok) throw refusals[decision.reason](arrival);
  if (account !== undefined) {
    await transact(context.databases.primary, [
      newLink(context, account.userId, arrival),
      linkedEvent(context, account.userId, provider),
    ]);
    context.wakeOutbox();
    return account;
  }
  const userId = newId("user", context.now());
  const opened = { userId, email: decision.email, name: nameFrom(name, decision.email) };
  await transact(context.databases.primary, [
    ...openVouchedAccount(context, opened),
    newLink(context, userId, arrival),
  ]);
  context.wakeOutbox();
  return { userId, sessionVersion: 1 };
}

const refusals = { provider_email_unverified: emailUnverified, account_not_linked: notLinked } as const;

function emailUnverified({ provider }: Arrival): AppError {
  return new AppError("provider_email_unverified", {
    detail: `${provider} has not verified an e-mail of this account. Verify it there, or sign in here by other means and link ${provider} at POST /auth/identities/${provider}.`,
  });
}

function notLinked({ provider }: Arrival): AppError {
  return new AppError("account_not_linked", {
    detail: `An account with this e-mail exists. Sign in to it first, then link ${provider} at POST /auth/identities/${provider}.`,
  });
}

export function newLink(context: Context, userId: Id<"user">, { provider, subject, email }: Arrival) {
  return insertIdentity(context, { id: newId("identity", context.now()), userId, provider, subject, email });
}

export function linkedEvent(context: Context, userId: Id<"user">, provider: string) {
  const data = { user_id: userId, change: "identity_linked", provider } as const;
  return insertEvents(context, [{ type: "user.sign_in_changed", subject: userId, data }]);
}
