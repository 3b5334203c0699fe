import { expect } from "vitest";
import { stack } from "../../stack.ts";

type Simulator = "stripe" | "paypal";

/** Tells the simulator of a provider how to behave. */
export async function steer(provider: Simulator, action: string, body: object = {}): Promise<void> {
  const response = await fetch(`${stack().services[provider]}/_simulator/${action}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  expect(response.status, await response.text()).toBe(200);
}

/** Changes what the provider says of an object, behind everybody's back. */
export function distort(provider: Simulator, objectId: string, changes: object): Promise<void> {
  return steer(provider, `objects/${objectId}`, changes);
}

export type Telling = {
  event_type: string;
  object: string;
  /** What the event's object says, and what stands beside it. */
  claims?: object;
  event_claims?: object;
};

/** A webhook with the provider's own signature, whatever it says. */
export function tell(provider: Simulator, telling: Telling): Promise<void> {
  return steer(provider, "faults", { forge: { ...telling, signing: "valid" } });
}
