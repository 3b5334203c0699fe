import type { Id } from "./ids.ts";

export type Role = "customer" | "admin";

/** Who is asking. Guests are known only by the tokens they carry for a cart or an order. */
export type Principal =
  | { readonly kind: "guest" }
  | {
      readonly kind: "user";
      readonly userId: Id<"user">;
      readonly role: Role;
      readonly sessionId: Id<"session">;
    }
  /** The system itself: queue deliveries, sweeps, consumers. */
  | { readonly kind: "system" };

/** The name that histories and idempotency scopes carry for this principal. */
export function actorOf(principal: Principal): string {
  return principal.kind === "user" ? principal.userId : principal.kind;
}
