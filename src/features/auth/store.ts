import { and, eq, gt, isNull, ne, or, sql } from "drizzle-orm";
import { type Id, newId } from "#core/ids";
import type { Proof, SignInMethod } from "#core/principal";
import { epochMs } from "#core/time";
import type { Context } from "#platform/context";
import { authLimits } from "./rules.ts";
import { type UserRow, sessions, users } from "./tables.ts";

export type NewUser = Pick<UserRow, "id" | "email" | "name" | "role" | "passwordHash"> &
  Partial<Pick<UserRow, "emailVerifiedAt">>;

/** Breaks the unique index `users_email` when the e-mail, in lower case, has an account. */
export function insertUser(context: Context, user: NewUser) {
  return context.databases.primary.insert(users).values(user).returning();
}

export async function findUserByEmail(context: Context, email: string): Promise<UserRow | undefined> {
  const [row] = await context.databases.primary
    .select()
    .from(users)
    .where(sql`lower(${users.email}) = lower(${email})`);
  return row;
}

export async function findUser(context: Context, id: Id<"user">): Promise<UserRow | undefined> {
  const [row] = await context.databases.primary.select().from(users).where(eq(users.id, id));
  return row;
}

/** The user, provided that the session still stands. */
export async function findUserOfSession(
  context: Context,
  session: { userId: Id<"user">; sessionId: Id<"session">; sessionVersion: number },
): Promise<UserRow | undefined> {
  const [row] = await context.databases.primary
    .select({ user: users })
    .from(users)
    .innerJoin(sessions, eq(sessions.userId, users.id))
    .where(
      and(
        eq(users.id, session.userId),
        eq(sessions.id, session.sessionId),
        eq(users.sessionVersion, session.sessionVersion),
        stands(),
      ),
    );
  return row?.user;
}

/** Keeps a hash that was made with newer parameters, unless the password was changed meanwhile. */
export function renewPasswordHash(
  context: Context,
  user: { id: Id<"user">; oldHash: string; newHash: string },
) {
  return context.databases.primary
    .update(users)
    .set({ passwordHash: user.newHash, updatedAt: sql`now()` })
    .where(and(eq(users.id, user.id), eq(users.passwordHash, user.oldHash)));
}

/** Changes the password; its batch fails when it was changed meanwhile. */
export function replacePasswordHash(
  context: Context,
  user: { id: Id<"user">; oldHash: string; newHash: string },
) {
  return context.databases.primary.execute(sql`
    with changed as (
      update users set password_hash = ${user.newHash}, updated_at = now()
      where id = ${user.id} and password_hash = ${user.oldHash} returning 1)
    select expect_rows((select count(*) from changed), 1)`);
}

/** Changes the profile if it has this version; undefined when it has another. */
export async function updateProfile(
  context: Context,
  profile: Pick<UserRow, "id" | "version" | "name" | "locale">,
): Promise<UserRow | undefined> {
  const [row] = await context.databases.primary
    .update(users)
    .set({ name: profile.name, locale: profile.locale, updatedAt: sql`now()` })
    .where(and(eq(users.id, profile.id), eq(users.version, profile.version)))
    .returning();
  return row;
}

export function setPasswordHash(context: Context, user: { id: Id<"user">; passwordHash: string }) {
  return context.databases.primary
    .update(users)
    .set({ passwordHash: user.passwordHash, updatedAt: sql`now()` })
    .where(eq(users.id, user.id));
}

/**
 * Takes every way in but the password from an account whose address nobody had proven: whoever set them up may not be
 * its owner, who has just proven it.
 */
export function dropUnprovenSignIns(context: Context, userId: Id<"user">) {
  return context.databases.primary.execute(sql`
    with codes as (delete from recovery_codes where user_id = ${userId}),
    apps as (delete from authenticators where user_id = ${userId}),
    devices as (delete from passkeys where user_id = ${userId})
    delete from identities where user_id = ${userId}`);
}

/** Gives the account a proven address; its batch fails when the address was changed meanwhile. */
export function setVerifiedEmail(
  context: Context,
  change: { id: Id<"user">; formerEmail: string; email: string },
) {
  return context.databases.primary.execute(sql`
    with changed as (
      update users set email = ${change.email}, updated_at = now(),
        email_verified_at = case when lower(email) = lower(${change.email})
          then coalesce(email_verified_at, now()) else now() end
      where id = ${change.id} and email = ${change.formerEmail} returning 1)
    select expect_rows((select count(*) from changed), 1)`);
}

/** Makes every access token of the account worthless wherever the session is looked up. */
export function raiseSessionVersion(context: Context, id: Id<"user">) {
  return context.databases.primary
    .update(users)
    .set({ sessionVersion: sql`${users.sessionVersion} + 1` })
    .where(eq(users.id, id));
}

/** Ends the account's sessions that still stand, but for the excepted one. */
export function revokeSessions(
  context: Context,
  { userId, except }: { userId: Id<"user">; except?: Id<"session"> },
) {
  return context.databases.primary
    .update(sessions)
    .set({ revokedAt: sql`now()` })
    .where(
      and(
        eq(sessions.userId, userId),
        isNull(sessions.revokedAt),
        except === undefined ? undefined : ne(sessions.id, except),
      ),
    );
}

export type NewSession = {
  id: Id<"session">;
  userId: Id<"user">;
  refreshHash: string;
  userAgent: string | null;
  network: string | null;
} & Proof;

export function insertSession(context: Context, session: NewSession) {
  return context.databases.primary.insert(sessions).values({
    ...session,
    authenticatedAt: new Date(session.authenticatedAt),
    methods: [...session.methods],
    expiresAt: sql`now() + make_interval(days => ${authLimits.sessionIdleDays})`,
  });
}

/**
 * Makes room for one more session: ends those of the user's that were unused for longest, with the news of it, and drops
 * what is long dead. Those that ended lately are still looked up by whoever closes their live connections.
 */
export function makeRoomForSession(context: Context, userId: Id<"user">) {
  return context.databases.primary.execute(sql`
    with surplus as (
      select id from sessions where user_id = ${userId} and revoked_at is null and expires_at > now()
      order by rotated_at desc, id desc offset ${authLimits.sessionsPerUserMax - 1}),
    ended as (
      update sessions set revoked_at = now() where id in (select id from surplus) returning 1),
    told as (
      insert into outbox (id, type, subject, payload)
      select ${newId("event", context.now())}, 'user.sessions_ended', ${userId}, ${JSON.stringify({ user_id: userId })}
      where exists (select from ended)),
    dropped as (
      delete from sessions where user_id = ${userId}
        and (revoked_at < now() - interval '1 day' or (revoked_at is null and expires_at <= now())))
    select count(*) as ended from ended`);
}

export type Rotation = { sessionId: Id<"session">; presentedHash: string; successorHash: string };

/**
 * Rotates a session's refresh token in one statement, which decides every race. The presented token must be the
 * current one; or, for the grace period, its predecessor, which changes nothing any more: of tabs that refresh at once
 * the first rotates, and the others, which waited for its row lock, find themselves in that second case.
 * @returns the user and how the session was proven, or undefined when the token is not good.
 */
export async function rotateSession(
  context: Context,
  rotation: Rotation,
): Promise<{ user: UserRow; proof: Proof } | undefined> {
  const { sessionId, presentedHash, successorHash } = rotation;
  const isCurrent = eq(sessions.refreshHash, presentedHash);
  const isPredecessorInGrace = and(
    eq(sessions.previousRefreshHash, presentedHash),
    eq(sessions.refreshHash, successorHash),
    sql`${sessions.rotatedAt} > now() - make_interval(secs => ${authLimits.rotationGraceSeconds})`,
  );
  const [row] = await context.databases.primary
    .update(sessions)
    .set({
      refreshHash: successorHash,
      previousRefreshHash: presentedHash,
      rotatedAt: sql`case when ${isCurrent} then now() else ${sessions.rotatedAt} end`,
      expiresAt: sql`least(now() + make_interval(days => ${authLimits.sessionIdleDays}),
        ${sessions.createdAt} + make_interval(days => ${authLimits.sessionDaysMax}))`,
    })
    .from(users)
    .where(
      and(
        eq(sessions.id, sessionId),
        eq(users.id, sessions.userId),
        stands(),
        or(isCurrent, isPredecessorInGrace),
      ),
    )
    .returning({ user: users, ...proofColumns });
  return row && { user: row.user, proof: proofOf(row) };
}

/** Notes a new proof by the owner of a session that still stands. */
export async function renewProof(
  context: Context,
  session: { userId: Id<"user">; sessionId: Id<"session"> },
  proof: Proof,
): Promise<UserRow | undefined> {
  const [row] = await context.databases.primary
    .update(sessions)
    .set({ authenticatedAt: new Date(proof.authenticatedAt), methods: [...proof.methods] })
    .from(users)
    .where(
      and(
        eq(sessions.id, session.sessionId),
        eq(users.id, session.userId),
        eq(sessions.userId, users.id),
        stands(),
      ),
    )
    .returning({ user: users });
  return row?.user;
}

const proofColumns = { authenticatedAt: sessions.authenticatedAt, methods: sessions.methods };

function proofOf(row: { authenticatedAt: Date; methods: SignInMethod[] }): Proof {
  return { authenticatedAt: epochMs(row.authenticatedAt.getTime()), methods: row.methods };
}

/** Ends a session that still stands, with its news in the same statement. */
export async function revokeSession(
  context: Context,
  sessionId: Id<"session">,
): Promise<{ userId: Id<"user"> } | undefined> {
  const ended = await context.databases.primary.execute<{ user_id: Id<"user"> }>(sql`
    with ended as (
      update sessions set revoked_at = now()
      where id = ${sessionId} and revoked_at is null and expires_at > now() returning user_id),
    told as (
      insert into outbox (id, type, subject, payload)
      select ${newId("event", context.now())}, 'user.sessions_ended', user_id, jsonb_build_object('user_id', user_id)
      from ended)
    select user_id from ended`);
  const [row] = ended.rows;
  if (row === undefined) return undefined;
  context.wakeOutbox();
  return { userId: row.user_id };
}

/** Ends a session that still stands, if it is this user's. */
export function revokeOwnSession(
  context: Context,
  { userId, sessionId }: { userId: Id<"user">; sessionId: Id<"session"> },
) {
  return context.databases.primary
    .update(sessions)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(sessions.id, sessionId), eq(sessions.userId, userId), stands()))
    .returning({ id: sessions.id });
}

function stands() {
  return and(isNull(sessions.revokedAt), gt(sessions.expiresAt, sql`now()`));
}
