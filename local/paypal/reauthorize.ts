import { z } from "zod";
import {
  answerWithPayment,
  createAuthorization,
  describeAuthorization,
  findAuthorization,
} from "./authorizations.ts";
import { unprocessable } from "./failure.ts";
import { MoneyFields, unitsOf } from "./money.ts";
import { parseBody } from "./parameters.ts";
import { type Call, type Reply, type Simulation } from "./simulation.ts";

const ReauthorizeRequest = z.looseObject({ amount: MoneyFields.optional() });

/** Renews an authorisation whose funds are no longer certain. */
export function reauthorize(simulation: Simulation, call: Call, id: string): Reply {
  const { amount: requested } = parseBody(ReauthorizeRequest, call.body);
  const authorization = findAuthorization(simulation, id);
  if (authorization.status === "VOIDED") throw unprocessable("AUTHORIZATION_VOIDED");
  if (authorization.status === "CAPTURED") throw unprocessable("AUTHORIZATION_ALREADY_CAPTURED");
  if (authorization.parentId !== null) throw unprocessable("REAUTHORIZATION_NOT_SUPPORTED");
  const currency = authorization.amount.currency_code;
  if (requested !== undefined && requested.currency_code !== currency) {
    throw unprocessable("AUTH_CURRENCY_MISMATCH", {
      field: "/amount/currency_code",
      value: requested.currency_code,
    });
  }
  if (requested !== undefined) unitsOf(requested, { field: "/amount" });
  const { orderId, referenceId, invoiceId, customId, origin, payerEmail } = authorization;
  const renewed = createAuthorization(simulation, {
    amount:
      requested === undefined ? authorization.amount : { currency_code: currency, value: requested.value },
    paid: { orderId, referenceId, invoiceId, customId, origin, payerEmail },
    parentId: authorization.id,
  });
  return answerWithPayment(call, 201, describeAuthorization(renewed));
}
