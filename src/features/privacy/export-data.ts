import { sql } from "drizzle-orm";
import { AppError } from "#core/errors";
import type { Id } from "#core/ids";
import { epochMs, toTimestamp } from "#core/time";
import { type Account, findAccount, selectSignIns } from "#features/auth/account";
import { signedInUser } from "#features/auth/signed-in-user";
import { cartIdOfUser } from "#features/cart/cart-access";
import { readCart } from "#features/cart/change-cart";
import { listAddresses } from "#features/customers/address-book";
import { listIdentities } from "#features/identities/list-identities";
import { readMfa } from "#features/mfa/read-mfa";
import { everyOrderOf } from "#features/orders/every-order";
import { listPasskeys } from "#features/passkeys/list-passkeys";
import type { Context } from "#platform/context";
import { presentConsent, selectConsents } from "./consents.ts";

const timestampOf = (date: Date) => toTimestamp(epochMs(date.getTime()));

/**
 * Everything that is kept of the signed-in customer, as JSON Lines: account, sign-ins, reviews, consents and cart first, then every
 * order with its history, and at last how many there were.
 * @throws AppError unauthenticated when the account is gone.
 */
export async function exportOwnData(context: Context): Promise<ReadableStream<Uint8Array>> {
  const { userId } = signedInUser(context);
  const user = await findAccount(context, userId);
  if (user === undefined)
    throw new AppError("unauthenticated", { detail: "This account does not exist any more." });
  const account = await describeAccount(context, user);
  return streamOf(linesOf(context, userId, account));
}

async function describeAccount(context: Context, user: Account): Promise<Record<string, unknown>> {
  const { primary } = context.databases;
  const [[signIns, given, reviews], identities, passkeys, mfa, addresses] = await Promise.all([
    primary.batch([
      selectSignIns(context, user.id),
      selectConsents(context, user.id),
      primary.execute(sql`
        select to_jsonb(reviews) - 'user_id' - 'moderated_by' as review from reviews where user_id = ${user.id} order by id`),
    ]),
    listIdentities(context),
    listPasskeys(context),
    readMfa(context),
    listAddresses(context),
  ]);
  return {
    exported_at: toTimestamp(context.now()),
    account: {
      id: user.id,
      email: user.email,
      email_verified: user.verifiedEmail !== undefined,
      name: user.name,
      locale: user.locale,
      role: user.role,
      created_at: timestampOf(user.createdAt),
    },
    sessions: signIns.map(({ id, userAgent, network, createdAt, lastUsedAt }) => ({
      id,
      user_agent: userAgent,
      network,
      created_at: timestampOf(createdAt),
      last_used_at: timestampOf(lastUsedAt),
    })),
    identities: identities.data,
    passkeys: passkeys.data,
    second_factors: mfa,
    addresses: addresses.data,
    reviews: reviews.rows.map(({ review }) => review),
    consents: given.map(presentConsent),
    cart: await readCart(context, { cartId: cartIdOfUser(user.id), token: undefined }),
  };
}

/** Reads on only when the client has taken what was written. */
function streamOf(parts: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await parts.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: async () => {
      await parts.return(undefined);
    },
  });
}

async function* linesOf(
  context: Context,
  userId: Id<"user">,
  account: Record<string, unknown>,
): AsyncGenerator<string> {
  yield line(account);
  let count = 0;
  for await (const order of everyOrderOf(context, userId)) {
    yield line({ order });
    count++;
  }
  yield line({ end: true, orders: count });
}

function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
