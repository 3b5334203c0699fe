import { z } from "zod";
import { retryDeadLetter } from "./dead-letter-routes.ts";
import { FaultSettings } from "./faults.ts";
import { renderPage } from "./page.ts";
import { parseJson } from "./publish-routes.ts";
import type { QueueContext } from "./queue-context.ts";
import { done, json, type Route } from "./route.ts";

const ADVANCE_MS_MAX = 366 * 86_400_000;
const AdvanceClock = z.strictObject({ advance_ms: z.int().min(0).max(ADVANCE_MS_MAX) });

/** What QStash itself does not have: for tests and for the person at the browser. They need no token. */
export const steeringRoutes: Route[] = [
  { method: "GET", path: "/", answer: (context) => ({ kind: "html", body: renderPage(context) }) },
  {
    method: "POST",
    path: "/_local/dead-letters/:dlqId/retry",
    answer(context, call) {
      const letter = context.store.deadLetters.find(call.parameter("dlqId"));
      // A second click on the button finds the letter gone, and that is as well.
      if (letter) retryDeadLetter(context, letter, {});
      return { kind: "see_other", location: "/" };
    },
  },
  { method: "GET", path: "/_local/stats", answer: (context) => json(200, stats(context)) },
  { method: "GET", path: "/_simulator/faults", answer: ({ faults }) => json(200, faults.settings()) },
  {
    method: "POST",
    path: "/_simulator/faults",
    answer({ faults }, call) {
      faults.set(parseJson(FaultSettings, call.body));
      return json(200, faults.settings());
    },
  },
  {
    method: "POST",
    path: "/_simulator/clock",
    answer({ clock }, call) {
      clock.advance(parseJson(AdvanceClock, call.body).advance_ms);
      return done;
    },
  },
];

function stats({ store }: QueueContext) {
  const { pending, active } = store.messages.countByState();
  const totals = store.events.totals();
  return {
    pending,
    active,
    dead_letters: store.deadLetters.count(),
    created_total: totals.get("CREATED") ?? 0,
    delivered_total: totals.get("DELIVERED") ?? 0,
    retries_total: totals.get("RETRY") ?? 0,
    failed_total: totals.get("FAILED") ?? 0,
    cancelled_total: totals.get("CANCELLED") ?? 0,
  };
}
