import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { OwnStack } from "../own-stack.ts";
import { createShopClient } from "../shop-client.ts";
import type { Random } from "../simulation/random.ts";

const keepersAtOnce = 3;
const pauseMsMax = 120;

const Made = z.object({ id: z.string(), version: z.int() });
type Known = z.infer<typeof Made> & { sku: string };

/**
 * Staff that keeps changing a catalogue, whoever dies meanwhile: a change that failed may have been made or not, and is
 * read again before the next.
 */
export async function createKeepers(
  stack: OwnStack,
  random: Random,
): Promise<{ stop: () => Promise<number> }> {
  const shop = createShopClient(stack.addresses.api);
  const token = await shop.adminToken();
  const known: Known[] = [];
  let writes = 0;
  const ending = new AbortController();
  const word = () => Math.abs(random.below(1_000_000)).toString(36);
  const count = (status: number): boolean => {
    if (status < 300) writes += 1;
    return status < 300;
  };

  const create = async (): Promise<void> => {
    const sku = randomUUID();
    const json = {
      title: `Thing ${word()}`,
      status: "active",
      variants: [{ sku, price: random.between(100, 10_000), initial_quantity: random.below(20) }],
    };
    const answer = await shop.request("/admin/products", { method: "POST", token, json });
    if (count(answer.status)) known.push({ ...answer.as(Made), sku });
  };
  const change = async (product: Known, json: unknown): Promise<void> => {
    const path = `/admin/products/${product.id}`;
    const read = await shop.request(path, { token });
    const headers = {
      "content-type": "application/merge-patch+json",
      "if-match": read.headers.get("etag") ?? "",
    };
    count((await shop.request(path, { method: "PATCH", token, headers, json })).status);
  };
  const adjust = async ({ sku }: Known): Promise<void> => {
    const kind = random.pick(["receive", "shrink"]);
    const headers = { "idempotency-key": randomUUID() };
    const json = { kind, quantity: random.between(1, 15), reason: "counted" };
    const path = `/admin/inventory/${sku}/adjustments`;
    count((await shop.request(path, { method: "POST", token, headers, json })).status);
  };
  const act = async (): Promise<void> => {
    const product = known[random.below(known.length)];
    if (product === undefined || random.chance(0.4)) return create();
    if (random.chance(0.4)) return adjust(product);
    if (random.chance(0.3)) return change(product, { status: random.pick(["archived", "active", "draft"]) });
    return change(product, { title: `Thing ${word()}` });
  };
  const keep = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      // Whoever dies may take a change with it; the history only counts what was answered.
      await act().catch(() => sleep(pauseMsMax));
      await sleep(random.below(pauseMsMax));
    }
  };
  const keeping = Promise.all(Array.from({ length: keepersAtOnce }, keep));
  return {
    stop: async () => {
      ending.abort();
      await keeping;
      return writes;
    },
  };
}
