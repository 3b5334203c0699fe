import type { Id } from "./ids.ts";
import type { Permission } from "./permissions.ts";
import type { EpochMs } from "./time.ts";

export type Role = "customer" | "admin";

/** By what somebody proved to be the owner of an account; RFC 8176's names where it has one. */
export const signInMethods = ["pwd", "otp", "recovery_code", "passkey", "federated"] as const;
export type SignInMethod = (typeof signInMethods)[number];

/** A proof of ownership: what refreshing a session does not renew. */
export type Proof = { readonly authenticatedAt: EpochMs; readonly methods: readonly SignInMethod[] };

/** Who is asking. Guests are known only by the tokens they carry for a cart or an order. */
export type Principal =
  | { readonly kind: "guest" }
  | ({
      readonly kind: "user";
      readonly userId: Id<"user">;
      readonly role: Role;
      readonly sessionId: Id<"session">;
      /** The account's, when the token was signed; raised, it makes the token worthless. */
      readonly sessionVersion: number;
    } & Proof)
  /** The system itself: queue deliveries, sweeps, consumers. */
  | { readonly kind: "system" };

/** The name that histories and idempotency scopes carry for this principal. */
export function actorOf(principal: Principal): string {
  return principal.kind === "user" ? principal.userId : principal.kind;
}

/** Whether the principal has this permission: of people only admins, who have every one. */
export function mayDo(principal: Principal, _permission: Permission): boolean {
  return principal.kind === "system" || (principal.kind === "user" && principal.role === "admin");
}
