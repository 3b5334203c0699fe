import {
  describeAuthorization,
  findAuthorization,
  moveFamily,
  recordAuthorization,
} from "./authorizations.ts";
import { unprocessable } from "./failure.ts";
import { answer, type Call, type Reply, type Simulation } from "./simulation.ts";

/** Gives the reserved money back. By default there is nothing to say about it. */
export function voidAuthorization(simulation: Simulation, { headers }: Call, id: string): Reply {
  const authorization = findAuthorization(simulation, id);
  if (authorization.status === "CAPTURED") throw unprocessable("PREVIOUSLY_CAPTURED");
  if (authorization.status === "VOIDED") throw unprocessable("PREVIOUSLY_VOIDED");
  if (authorization.parentId !== null) throw unprocessable("CANNOT_BE_VOIDED");
  const voided = moveFamily(simulation, authorization, { status: "VOIDED" });
  recordAuthorization(simulation, "PAYMENT.AUTHORIZATION.VOIDED", voided);
  return headers.wantsRepresentation ? answer(200, describeAuthorization(voided)) : answer(204, {});
}
