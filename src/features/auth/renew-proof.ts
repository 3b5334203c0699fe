import { AppError } from "#core/errors";
import type { SignInMethod } from "#core/principal";
import { accessTokenSeconds } from "#platform/access-tokens";
import type { Context } from "#platform/context";
import { accessTokenOf } from "./open-session.ts";
import type { RenewedAccess } from "./schema.ts";
import { renewProof } from "./store.ts";

/**
 * Notes that the owner of this session has just proven to be it, and gives an access token that says so.
 * @throws AppError unauthenticated for guests; invalid_token when the session has ended.
 */
export async function renewSessionProof(
  context: Context,
  methods: readonly SignInMethod[],
): Promise<RenewedAccess> {
  const { principal } = context;
  if (principal.kind !== "user") throw new AppError("unauthenticated");
  const proof = { authenticatedAt: context.now(), methods };
  const user = await renewProof(context, principal, proof);
  if (user === undefined)
    throw new AppError("invalid_token", { detail: "This session has ended. Sign in at POST /auth/login." });
  return {
    access_token: await accessTokenOf(context, user, { sessionId: principal.sessionId, proof }),
    token_type: "Bearer",
    expires_in: accessTokenSeconds,
  };
}
