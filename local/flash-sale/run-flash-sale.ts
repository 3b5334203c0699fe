import { randomUUID } from "node:crypto";
import { z } from "zod";
import { LOCAL_CREDENTIALS } from "../credentials.ts";
import type { Stack } from "../stack.ts";
import { type Visit, visit, type Wish } from "./buyer.ts";
import { checkHistory, type Verdict } from "./check-history.ts";
import { createRecorder, type History, type Recorder } from "./history.ts";
import type { Mismatch } from "./match-journal.ts";
import { expectAnswer, insist, type Shop } from "./shop-calls.ts";
import { type StockFigures, takeStock } from "./stock-take.ts";

const TELL_EVERY_MS = 2_000;

/** One in so many buyers wants both SKUs, changes their mind after ordering, or wants two units. */
const EVERY = { both: 4, cancel: 6, two: 5 } as const;

export type FlashSaleOptions = {
  buyers: number;
  /** Units for sale, over both SKUs. */
  units: number;
  /** How often the Worker is killed while they buy. */
  kills: number;
  /** Buyers in the shop at the same time. */
  concurrency: number;
};

type Quantiles = { p50: number; p99: number };

export type Ware = { variantId: string; sku: string; units: number };

export type FlashSaleReport = {
  options: FlashSaleOptions;
  /** From the first buyer to the last answered order, and to the last payment. */
  seconds: { ordering: number; paying: number };
  orderMs: Quantiles;
  paidMs: Quantiles;
  visits: Record<Visit["ended"], number>;
  /** Orders of late buyers, who take what cancellations left. */
  late: number;
  stock: StockFigures[];
  captured: { payments: number; orders: number };
  journal: Mismatch;
  history: History;
  verdict: Verdict;
};

type Venue = {
  stack: Pick<Stack, "addresses" | "kill" | "restart">;
  adminToken: string;
  /** Hears how far it is, now and then. */
  tell: (line: string) => void;
};
type Scene = { shop: Shop; stack: Venue["stack"]; tell: Venue["tell"] };

/** Sells scarce units to a crowd while the Worker is killed, and accounts for every unit and every payment. */
export async function runFlashSale(
  { stack, adminToken, tell }: Venue,
  options: FlashSaleOptions,
): Promise<FlashSaleReport> {
  const { api, services } = stack.addresses;
  const scene: Scene = { stack, tell, shop: { api, stripe: services.stripe, adminToken } };
  const wares = await Promise.all([
    stockWare(scene, Math.ceil(options.units / 2)),
    stockWare(scene, Math.floor(options.units / 2)),
  ]);
  const recorder = createRecorder(Object.fromEntries(wares.map(({ sku, units }) => [sku, units])));

  const startedAt = performance.now();
  const visits = await rush(scene, recorder, { options, wares });
  const secondsUntil = (ms: number): number => (ms - startedAt) / 1000;
  const seconds = {
    ordering: secondsUntil(Math.max(...visits.map(({ answeredAtMs }) => answeredAtMs))),
    paying: secondsUntil(performance.now()),
  };
  tell("all buyers have been served; waiting until nothing is held");
  await takeStock(scene.shop, recorder, wares);
  const late = await sellTheRest(scene, recorder, { wares, client: options.buyers });
  tell(`${late} late buyers took the rest; comparing with the journal`);
  const { stock, journal } = await takeStock(scene.shop, recorder, wares);
  recordLastLook(recorder, stock);
  return {
    options,
    seconds,
    orderMs: quantiles(visits.map(({ orderMs }) => orderMs).filter((ms) => ms > 0)),
    paidMs: quantiles(visits.flatMap(({ paidMs }) => paidMs ?? [])),
    visits: countEndings(visits),
    late,
    stock,
    captured: {
      payments: await countCaptures(scene),
      orders: countEndings(visits).paid + late,
    },
    journal,
    history: recorder.history,
    verdict: await checkHistory(recorder.history),
  };
}

function recordLastLook(recorder: Recorder, stock: readonly StockFigures[]): void {
  for (const { sku, units, sold, held } of stock)
    recorder.record({
      client: -1,
      sku,
      kind: "read",
      quantity: 0,
      call: recorder.now(),
      outcome: "ok",
      available: units - sold - held,
      sold,
    });
}

const Product = z.object({ variants: z.array(z.object({ id: z.string(), sku: z.string() })).min(1) });

async function stockWare({ shop }: Scene, units: number): Promise<Ware> {
  const headers = { authorization: `Bearer ${shop.adminToken}` };
  const sku = `FLASH-${randomUUID().slice(0, 8)}`;
  const product = { title: sku, status: "active", variants: [{ sku, price: 1999 }] };
  const created = await insist(`${shop.api}/admin/products`, { method: "POST", headers, json: product });
  const [variant] = expectAnswer(created, 201, Product).variants;
  const received = await insist(`${shop.api}/admin/inventory/${sku}/adjustments`, {
    method: "POST",
    headers: { ...headers, "idempotency-key": randomUUID() },
    json: { kind: "receive", quantity: units, reason: "flash sale" },
  });
  expectAnswer(received, 201, z.unknown());
  return { variantId: variant?.id ?? "", sku, units };
}

type Crowd = { options: FlashSaleOptions; wares: readonly Ware[] };

/** Everybody comes as soon as there is room; the Worker is killed each time another share of them has been served. */
async function rush(scene: Scene, recorder: Recorder, { options, wares }: Crowd): Promise<Visit[]> {
  const { buyers, kills, concurrency } = options;
  const visits: Visit[] = [];
  let killed = 0;
  let killing: Promise<void> = Promise.resolve();
  let next = 0;
  const serve = async (): Promise<void> => {
    while (next < buyers) {
      const wish = wishOf(next++, wares);
      visits.push(await visit(scene.shop, recorder, wish));
      if (killed >= kills || visits.length < (buyers * (killed + 1)) / (kills + 1)) continue;
      killed++;
      killing = killing.then(() => killWorker(scene));
    }
  };
  const said = setInterval(() => scene.tell(progressOf(visits, { buyers, killed })), TELL_EVERY_MS);
  try {
    await Promise.all(Array.from({ length: concurrency }, serve));
    await killing;
  } finally {
    clearInterval(said);
  }
  return visits;
}

function progressOf(
  visits: readonly Visit[],
  { buyers, killed }: { buyers: number; killed: number },
): string {
  const { paid, cancelled, refused } = countEndings(visits);
  const endings = `${paid} paid, ${cancelled} cancelled, ${refused} refused`;
  return `${visits.length} of ${buyers} buyers served: ${endings}; the Worker was killed ${killed} times`;
}

async function killWorker({ stack }: Scene): Promise<void> {
  await stack.kill("worker", "SIGKILL");
  await stack.restart("worker");
}

function wishOf(client: number, wares: readonly Ware[]): Wish {
  const wanted = client % EVERY.both === 0 ? wares : wares.slice(client % 2, (client % 2) + 1);
  const quantity = client % EVERY.two === 0 ? 2 : 1;
  return {
    client,
    lines: wanted.map(({ variantId, sku }) => ({ variantId, sku, quantity })),
    plan: client % EVERY.cancel === 0 ? "cancel" : "pay",
  };
}

/** Late buyers take single units, until nothing is left. */
async function sellTheRest(
  scene: Scene,
  recorder: Recorder,
  { wares, client }: { wares: readonly Ware[]; client: number },
): Promise<number> {
  let sold = 0;
  for (const { variantId, sku } of wares) {
    for (;;) {
      const wish: Wish = { client: client + sold, lines: [{ variantId, sku, quantity: 1 }], plan: "pay" };
      const { ended } = await visit(scene.shop, recorder, wish);
      if (ended !== "paid") break;
      sold++;
    }
  }
  return sold;
}

const Intents = z.object({
  has_more: z.boolean(),
  data: z.array(z.object({ id: z.string(), status: z.string() })),
});

async function countCaptures({ shop }: Scene): Promise<number> {
  const headers = { authorization: `Bearer ${LOCAL_CREDENTIALS.stripeSecretKey}` };
  let captured = 0;
  for (let after = ""; ;) {
    const answer = await insist(`${shop.stripe}/v1/payment_intents?limit=100${after}`, { headers });
    const page = expectAnswer(answer, 200, Intents);
    captured += page.data.filter(({ status }) => status === "succeeded").length;
    if (!page.has_more) return captured;
    after = `&starting_after=${page.data.at(-1)?.id ?? ""}`;
  }
}

function countEndings(visits: readonly Visit[]): FlashSaleReport["visits"] {
  const counts = { paid: 0, cancelled: 0, refused: 0, unknown: 0 };
  for (const { ended } of visits) counts[ended]++;
  return counts;
}

function quantiles(figures: readonly number[]): Quantiles {
  const sorted = figures.toSorted((one, other) => one - other);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}
