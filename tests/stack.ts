import { inject } from "vitest";
import { z } from "zod";
import type { Addresses } from "#local/stack-plan";
import { createShopClient, type Answer } from "./shop-client.ts";

export { costOf } from "./costs.ts";
export type { Answer };

/** Where the shared stack of the feature tests listens. */
export function stack(): Addresses {
  const addresses = inject("addresses");
  if (addresses === undefined) throw new Error("The tests of this project have no shared stack.");
  return addresses;
}

/** The shared stack's API. */
export const { request, registerCustomer, adminToken } = createShopClient(stack().api);

const NeonStats = z.object({
  statements: z.int(),
  transactions: z.int(),
  by_host: z.record(z.string(), z.object({ statements: z.int(), transactions: z.int() })),
});

/** What the database was asked since its counters were last reset, by all tests and sweeps together. */
export async function neonStats(): Promise<z.infer<typeof NeonStats>> {
  const response = await fetch(`${stack().services.neon}/_local/stats`);
  return NeonStats.parse(await response.json());
}
