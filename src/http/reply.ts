import type { Outcome } from "#platform/idempotency";
import type { AppRequest } from "./app-types.ts";

/** Marks a repeated answer. */
export function markReplay(request: AppRequest, outcome: Outcome<unknown>): void {
  if (outcome.replayed) request.header("Idempotent-Replayed", "true");
}
