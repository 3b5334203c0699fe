import { z } from "zod";
import { AppError } from "#core/errors";
import { idSchema, newId } from "#core/ids";
import { insertEvents } from "#events/record";
import type { Context } from "#platform/context";
import { transact, violatesUnique } from "#platform/database";
import {
  type IdempotentRequest,
  type Outcome,
  findIdempotencyRecord,
  insertIdempotencyRecord,
  lostToSameKey,
  replayOf,
} from "#platform/idempotency";
import { hashPassword, verifyPassword } from "#platform/passwords";
import { rememberNetwork } from "./guess-guard.ts";
import { signInByPassword } from "./log-in.ts";
import { newMailToken } from "./mail-tokens.ts";
import { openSession, signedIn } from "./open-session.ts";
import { refuseWeakPassword } from "./password-rules.ts";
import type { Registration, SignedIn } from "./schema.ts";
import { findUser, insertUser } from "./store.ts";

const created = 201;

export type RegisterInput = {
  registration: Registration;
  userAgent: string | undefined;
  network: string;
  idempotent: IdempotentRequest | undefined;
};

/**
 * Makes an account and signs it in, in one transaction.
 *
 * An idempotency record would keep the answer's tokens in clear, and a plain hash of a body with a password would be a
 * second, weak password hash. So the record keeps the user's id alone, the fingerprint leaves the password
 * out, and a repetition proves itself by the password and gets a new session for the same account.
 * @throws AppError email_taken, invalid_request for a weak password.
 */
export async function register(context: Context, input: RegisterInput): Promise<Outcome<SignedIn>> {
  const { registration, userAgent, idempotent } = input;
  const { email, name, password } = registration;
  refuseWeakPassword(password, email);
  const id = newId("user", context.now());
  const passwordHash = await hashPassword(context, password);
  const session = await openSession(context, { userId: id, methods: ["pwd"], userAgent });
  const token = await newMailToken(context, "verify_email", { userId: id, email });
  const { primary } = context.databases;
  try {
    const [[user]] = await transact(primary, [
      insertUser(context, { id, email, name, role: "customer", passwordHash }),
      session.statement,
      token.statement,
      insertEvents(context, [
        { type: "user.registered", subject: id, data: { user_id: id, mail_token_id: token.id } },
      ]),
      ...(idempotent === undefined
        ? []
        : [insertIdempotencyRecord(primary, idempotent, { status: created, body: { user_id: id } })]),
    ]);
    if (user === undefined) throw new Error("the insert returned no user");
    context.wakeOutbox();
    context.afterResponse(rememberNetwork(context, { email, network: input.network }));
    return { status: created, body: await signedIn(context, user, session), replayed: false };
  } catch (error) {
    if (!violatesUnique(error, "users_email") && !lostToSameKey(error)) throw error;
    const repeated = idempotent && (await repeat(context, { ...input, idempotent }));
    if (repeated !== undefined) return repeated;
    throw new AppError("email_taken", { detail: "Sign in at POST /auth/login, or use another e-mail." });
  }
}

const Recorded = z.object({ user_id: idSchema("user") });

/**
 * Answers a repetition of a registration that succeeded as a sign-in, which asks for all that a sign-in asks for by now;
 * undefined when there was none under this key.
 */
async function repeat(
  context: Context,
  input: RegisterInput & { idempotent: IdempotentRequest },
): Promise<Outcome<SignedIn> | undefined> {
  const rows = await findIdempotencyRecord(context.databases.primary, input.idempotent);
  const first = replayOf<unknown>(rows, input.idempotent);
  if (first === undefined) return undefined;
  const user = await findUser(context, Recorded.parse(first.body).user_id);
  const proven = await verifyPassword(context, input.registration.password, user?.passwordHash);
  if (user === undefined || !proven)
    throw new AppError("idempotency_key_reused", { detail: "This Idempotency-Key came with another body." });
  const { password } = input.registration;
  const body = await signInByPassword(context, user, { password, userAgent: input.userAgent });
  return { status: first.status, body, replayed: true };
}
