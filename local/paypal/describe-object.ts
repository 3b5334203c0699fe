import { describeAuthorization } from "./authorizations.ts";
import { describeCapture } from "./captures.ts";
import { describeOrder } from "./order-view.ts";
import { describeRefund } from "./refunds.ts";
import type { StoredObjects } from "./resources.ts";
import type { Simulation } from "./simulation.ts";

/** Any stored object as an event would show it. */
export function describeObject(simulation: Simulation, object: StoredObjects[keyof StoredObjects]): object {
  switch (object.kind) {
    case "order":
      return describeOrder(simulation, object);
    case "authorization":
      return describeAuthorization(object);
    case "capture":
      return describeCapture(object);
    case "refund":
      return describeRefund(object);
    case "dispute":
    case "event":
    case "webhook":
      return { id: object.id };
  }
}
