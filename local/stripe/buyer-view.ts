import type { Stripe } from "stripe";
import { z } from "zod";
import { invalidRequest } from "./failure.ts";
import { expandable, parseParameters } from "./parameters.ts";
import { findIntent } from "./payment-intents.ts";
import { answer, type Call, type Reply, type Work } from "./simulation.ts";

/** What a publishable key may see of an intent: nothing of the shop's own notes or books. */
const BUYERS_FIELDS = [
  "id",
  "object",
  "amount",
  "amount_details",
  "automatic_payment_methods",
  "canceled_at",
  "cancellation_reason",
  "capture_method",
  "client_secret",
  "confirmation_method",
  "created",
  "currency",
  "description",
  "last_payment_error",
  "livemode",
  "next_action",
  "payment_method",
  "payment_method_configuration_details",
  "payment_method_types",
  "processing",
  "receipt_email",
  "setup_future_usage",
  "shipping",
  "source",
  "status",
] as const satisfies readonly (keyof Stripe.PaymentIntent)[];

const RetrieveIntent = z.strictObject({
  ...expandable,
  client_secret: z.string().optional(),
  key: z.string().optional(),
});

export function retrievePaymentIntent(work: Work, call: Call, id: string): Reply {
  const { client_secret: clientSecret } = parseParameters(RetrieveIntent, call.fields);
  const intent = findIntent(work, id);
  requireClientSecret(call, intent, clientSecret);
  return answer(intent);
}

/** With a publishable key the client secret is the only proof of who asks. */
export function requireClientSecret(
  call: Call,
  intent: Stripe.PaymentIntent,
  clientSecret: string | undefined,
): void {
  if (clientSecret === undefined && call.access === "secret") return;
  if (clientSecret === undefined) {
    throw invalidRequest("Missing required param: client_secret.", {
      code: "parameter_missing",
      param: "client_secret",
    });
  }
  if (clientSecret === intent.client_secret) return;
  throw invalidRequest(
    "The client_secret provided does not match the client_secret associated with the PaymentIntent.",
    {
      code: "payment_intent_invalid_parameter",
      param: "client_secret",
    },
  );
}

/** Hides from a buyer's reply what only the shop may see, in errors too. */
export function buyersReply(reply: Reply): Reply {
  return { ...reply, body: hideShopFields(reply.body) };
}

function hideShopFields(body: object): object {
  if (Reflect.get(body, "object") === "payment_intent") {
    const visible: readonly string[] = BUYERS_FIELDS;
    return Object.fromEntries(Object.entries(body).filter(([name]) => visible.includes(name)));
  }
  return Object.fromEntries(
    Object.entries(body).map(([name, value]: [string, unknown]) =>
      (name === "error" || name === "payment_intent") && typeof value === "object" && value !== null
        ? [name, hideShopFields(value)]
        : [name, value],
    ),
  );
}
