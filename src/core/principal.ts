import type { Id } from "./ids.ts";
import { type Permission, allPermissions } from "./permissions.ts";
import type { EpochMs } from "./time.ts";

/** Staff may do what their roles allow, admins everything. */
export type Role = "customer" | "staff" | "admin";

/** By what somebody proved to be the owner of an account; RFC 8176's names where it has one. */
export const signInMethods = ["pwd", "otp", "recovery_code", "passkey", "federated"] as const;
export type SignInMethod = (typeof signInMethods)[number];

/** A proof of ownership: what refreshing a session does not renew. */
export type Proof = { readonly authenticatedAt: EpochMs; readonly methods: readonly SignInMethod[] };

export type UserPrincipal = {
  readonly kind: "user";
  readonly userId: Id<"user">;
  /** As the token has it: by now it may be another, so it never gives power by itself. */
  readonly role: Role;
  readonly sessionId: Id<"session">;
  /** The account's, when the token was signed; raised, it makes the token worthless. */
  readonly sessionVersion: number;
  /** What the account may do beyond what every customer may; known on routes of the staff, empty elsewhere. */
  readonly permissions: ReadonlySet<Permission>;
} & Proof;

/** Proofs that a stolen password does not give. */
const strongMethods: ReadonlySet<SignInMethod> = new Set<SignInMethod>(["otp", "recovery_code", "passkey"]);

/** Whether the owner proved more than to know a password, or than to be known elsewhere. */
export function isStronglyProven({ methods }: Proof): boolean {
  return methods.some((method) => strongMethods.has(method));
}

/** Who is asking. Guests are known only by the tokens they carry for a cart or an order. */
export type Principal =
  | { readonly kind: "guest" }
  | UserPrincipal
  /** A program with a key of its own. */
  | { readonly kind: "api_key"; readonly keyId: Id<"apiKey">; readonly permissions: ReadonlySet<Permission> }
  /** The system itself: queue deliveries, sweeps, consumers. */
  | { readonly kind: "system" };

/** The name that histories and idempotency scopes carry for this principal. */
export function actorOf(principal: Principal): string {
  if (principal.kind === "api_key") return principal.keyId;
  return principal.kind === "user" ? principal.userId : principal.kind;
}

/** What the principal may do beyond what everybody may. */
export function permissionsOf(principal: Principal): ReadonlySet<Permission> {
  if (principal.kind === "system") return allPermissions;
  return principal.kind === "guest" ? new Set() : principal.permissions;
}
