import { type Bindings, type Settings, settingsOf } from "#platform/env";
import { settingsOfWorkerTests } from "../../durable-objects/worker-settings.ts";

const nowhere = { idFromName: neverCalled } as Partial<
  DurableObjectNamespace<never>
> as DurableObjectNamespace<never>;

function neverCalled(): never {
  throw new Error("this code touches no object");
}

/** Complete settings, some of them changed; for code that touches no service. */
export function settingsFor(changes: Record<string, string>): Settings {
  return settingsOf(bindingsFor(changes));
}

/** The same as a Worker is bound to them. */
export function bindingsFor(changes: Record<string, string>): Bindings {
  const usual = { SHOP_NAME: "Tradewind", SHOP_CURRENCY: "USD", MAIL_FROM: "shop@tradewind.example" };
  return {
    INVENTORY: nowhere,
    CARTS: nowhere,
    LIMITS: nowhere,
    ROOMS: nowhere,
    ...usual,
    ...settingsOfWorkerTests,
    ...changes,
  };
}
