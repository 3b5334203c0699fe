import { z } from "zod";
import { inTransaction } from "../sqlite-transaction.ts";
import { ok, readJson, refused, type SteeringAnswer } from "../simulator/steering.ts";
import { revokeTokens } from "./access-tokens.ts";
import { Approval, approveOrder } from "./approve-order.ts";
import { DisputeMove, moveDispute } from "./disputes.ts";
import { PaypalFailure } from "./failure.ts";
import { describeOrder } from "./order-view.ts";
import type { Simulation } from "./simulation.ts";
import { delayReports, ReportingLag } from "./transactions.ts";

/**
 * `POST orders/:id/approve` is the buyer's click; `POST captures/:id/dispute` moves the dispute of a capture;
 * `POST tokens/revoke` makes every access token worthless; `POST reporting` makes the reports lag behind.
 */
export function steerPaypal(
  simulation: Simulation,
  action: string,
  body: string,
): SteeringAnswer | undefined {
  if (action === "POST tokens/revoke") {
    revokeTokens(simulation);
    return ok({ revoked: true });
  }
  if (action === "POST reporting") {
    const lag = readJson(body, ReportingLag);
    if (!lag.success) return refused(z.prettifyError(lag.error));
    return steered(simulation, () => delayReports(simulation, lag.data));
  }
  const captureId = /^POST captures\/(\w+)\/dispute$/.exec(action)?.[1];
  if (captureId !== undefined) {
    const move = readJson(body, DisputeMove);
    if (!move.success) return refused(z.prettifyError(move.error));
    return steered(simulation, () => moveDispute(simulation, captureId, move.data));
  }
  const id = /^POST orders\/(\w+)\/approve$/.exec(action)?.[1];
  return id === undefined ? undefined : approve(simulation, id, body);
}

function approve(simulation: Simulation, id: string, body: string): SteeringAnswer {
  const approval = readJson(body === "" ? "{}" : body, Approval);
  if (!approval.success) return refused(z.prettifyError(approval.error));
  return steered(simulation, () =>
    describeOrder(simulation, approveOrder(simulation, id, approval.data.payer)),
  );
}

function steered(simulation: Simulation, act: () => object): SteeringAnswer {
  try {
    return ok(inTransaction(simulation.database, act));
  } catch (failure) {
    if (!(failure instanceof PaypalFailure)) throw failure;
    return { status: failure.status, body: failure.body };
  }
}
