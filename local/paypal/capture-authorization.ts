import { z } from "zod";
import { answerWithPayment, findAuthorization, moveFamily } from "./authorizations.ts";
import { createCapture, describeCapture } from "./captures.ts";
import { unprocessable, unprocessableBody } from "./failure.ts";
import { requireUnusedInvoice } from "./invoices.ts";
import { knownUnits, MoneyFields, moneyOf, unitsOf } from "./money.ts";
import { parseBody } from "./parameters.ts";
import { behaviourOf } from "./payers.ts";
import type { StoredAuthorization } from "./resources.ts";
import { answer, type Call, type Reply, type Simulation } from "./simulation.ts";

/** All captures together may exceed what was authorised by this much, for shipping that turned out dearer. */
const OVERAGE_PERCENT_MAX = 115;

const CaptureRequest = z.looseObject({
  amount: MoneyFields.optional(),
  invoice_id: z.string().max(127).optional(),
  final_capture: z.boolean().default(false),
  note_to_payer: z.string().max(255).optional(),
  soft_descriptor: z.string().max(22).optional(),
});

/** Takes all or part of the reserved money. */
export function captureAuthorization(simulation: Simulation, call: Call, id: string): Reply {
  const request = parseBody(CaptureRequest, call.body);
  const authorization = findAuthorization(simulation, id);
  requireCapturable(authorization);
  const units = amountToCapture(simulation, authorization, request.amount);
  requireUnusedInvoice(simulation, authorization.orderId, request.invoice_id);
  if (behaviourOf(authorization.payerEmail) === "cannot_pay") {
    return answer(422, unprocessableBody("PAYER_CANNOT_PAY"));
  }
  const captured = capturedUnits(simulation, authorization) + units;
  const isSpent = request.final_capture || captured >= knownUnits(authorization.amount);
  moveFamily(simulation, authorization, { status: isSpent ? "CAPTURED" : "PARTIALLY_CAPTURED" });
  const { orderId, referenceId, customId, origin, payerEmail } = authorization;
  const invoiceId = request.invoice_id ?? authorization.invoiceId;
  const capture = createCapture(simulation, {
    amount: moneyOf(units, authorization.amount.currency_code),
    paid: { orderId, referenceId, customId, origin, payerEmail, invoiceId },
    isFinal: isSpent,
    authorizationId: authorization.id,
  });
  return answerWithPayment(call, 201, describeCapture(capture));
}

function requireCapturable({ status, isExpired }: StoredAuthorization): void {
  if (isExpired) throw unprocessable("AUTHORIZATION_EXPIRED");
  if (status === "VOIDED") throw unprocessable("AUTHORIZATION_VOIDED");
  if (status === "CAPTURED") throw unprocessable("AUTHORIZATION_ALREADY_CAPTURED");
}

function amountToCapture(
  simulation: Simulation,
  authorization: StoredAuthorization,
  requested: z.infer<typeof MoneyFields> | undefined,
): number {
  const authorized = knownUnits(authorization.amount);
  const before = capturedUnits(simulation, authorization);
  if (requested === undefined) return authorized - before;
  if (requested.currency_code !== authorization.amount.currency_code) {
    throw unprocessable("AUTH_CAPTURE_CURRENCY_MISMATCH", {
      field: "/amount/currency_code",
      value: requested.currency_code,
    });
  }
  const units = unitsOf(requested, { field: "/amount" });
  if ((before + units) * 100 > authorized * OVERAGE_PERCENT_MAX) {
    throw unprocessable("MAX_CAPTURE_AMOUNT_EXCEEDED", { field: "/amount/value", value: requested.value });
  }
  return units;
}

function capturedUnits({ store }: Simulation, authorization: StoredAuthorization): number {
  const ofUnit = [
    { field: "orderId", operator: "=", value: authorization.orderId },
    { field: "referenceId", operator: "=", value: authorization.referenceId },
  ] as const;
  return store
    .all("capture", ofUnit)
    .filter(({ status }) => status !== "DECLINED")
    .reduce((sum, capture) => sum + knownUnits(capture.amount), 0);
}
