import { z } from "zod";
import { captureCharge } from "./charges.ts";
import { recordEvent } from "./events.ts";
import { invalidRequest } from "./failure.ts";
import {
  accepted,
  amountMinor,
  expandable,
  mergeMetadata,
  metadata,
  parseParameters,
  truth,
} from "./parameters.ts";
import { chargeOf } from "./payment-attempts.ts";
import { moveTo, requireStatusFor } from "./payment-intent-states.ts";
import { findIntent } from "./payment-intents.ts";
import { answer, type Call, type Reply, type Work } from "./simulation.ts";

const CaptureIntent = z.strictObject({
  ...expandable,
  ...accepted("amount_details", "hooks", "payment_details"),
  amount_to_capture: amountMinor.optional(),
  final_capture: truth.optional(),
  metadata: metadata.optional(),
  statement_descriptor: z.string().max(22).optional(),
  statement_descriptor_suffix: z.string().max(22).optional(),
});

/** Takes all or part of the reserved money, once; whatever is left is released. */
export function capturePaymentIntent(work: Work, call: Call, id: string): Reply {
  const parameters = parseParameters(CaptureIntent, call.fields);
  const intent = findIntent(work, id);
  requireStatusFor("captured", intent);
  const amount = parameters.amount_to_capture ?? intent.amount_capturable;
  if (amount > intent.amount_capturable) {
    throw invalidRequest(
      "The provided amount_to_capture is greater than the remaining amount you can capture.",
      {
        code: "amount_too_large",
        param: "amount_to_capture",
      },
    );
  }
  const charge = captureCharge(work, chargeOf(work, intent), amount);
  const paid = moveTo("succeeded", intent, {
    amount_capturable: 0,
    amount_received: amount,
    metadata: mergeMetadata(intent.metadata, parameters.metadata),
  });
  work.store.save(paid);
  work.timers.cancel({ kind: "expire_authorisation", objectId: intent.id });
  recordEvent(work, "charge.captured", { object: charge });
  recordEvent(work, "payment_intent.succeeded", { object: paid });
  return answer(paid);
}
