import { AppError } from "#core/errors";
import type { Principal } from "#core/principal";
import type { Context } from "#platform/context";

/** @throws AppError unauthenticated for everybody but users. */
export function signedInUser({ principal }: Context): Extract<Principal, { kind: "user" }> {
  if (principal.kind !== "user")
    throw new AppError("unauthenticated", { detail: "Send Authorization: Bearer <access token>." });
  return principal;
}
