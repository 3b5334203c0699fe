import type {
  Commit,
  CommitReply,
  Release,
  ReleaseReply,
  Reserve,
  ReserveReply,
  Revert,
} from "#durable-objects/inventory/ledger";
import { orderTimes, reservationId, unitsBySku } from "./rules.ts";

/** What an order asks of a SKU's inventory object. */
export type StockObject = {
  readonly reserve: (command: Reserve, firstCount?: number) => Promise<ReserveReply>;
  readonly release: (command: Release) => Promise<ReleaseReply>;
  readonly commit: (command: Commit) => Promise<CommitReply>;
  readonly revert: (command: Revert) => Promise<{ ok: true }>;
};
export type StockObjects = (sku: string) => StockObject;

/** An order, as far as its stock goes. */
type Claimant = { readonly id: string; readonly lines: readonly { sku: string; quantity: number }[] };

/** With the units that a SKU's object may not have taken yet. */
type Holder = {
  readonly id: string;
  readonly lines: readonly { sku: string; quantity: number; firstCount?: number | undefined }[];
};

export type ShortUnits = {
  sku: string;
  quantity: number;
  reply: Extract<ReserveReply, { ok: false }>;
};

/** Holds every SKU's units or none. Only a definite refusal gives holds back; after a fault they stay for the retry. */
export async function holdStock(stock: StockObjects, { id, lines }: Holder): Promise<readonly ShortUnits[]> {
  const units = unitsBySku(lines);
  const firstCounts = new Map(lines.map(({ sku, firstCount }) => [sku, firstCount]));
  const { holdMs } = orderTimes;
  const replies = await Promise.all(
    units.map(([sku, quantity]) =>
      stock(sku).reserve(
        { type: "reserve", id: reservationId(id, sku), quantity, holdMs },
        firstCounts.get(sku),
      ),
    ),
  );
  const short = units.flatMap(([sku, quantity], index) => {
    const reply = replies[index];
    return reply === undefined || reply.ok ? [] : [{ sku, quantity, reply }];
  });
  if (short.length > 0)
    await Promise.all(
      units.map(([sku]) => stock(sku).release({ type: "release", id: reservationId(id, sku) })),
    );
  return short;
}

/** Turns every hold of the order into a sale. @returns the SKUs whose units are gone for good. */
export async function commitStock(stock: StockObjects, { id, lines }: Claimant): Promise<string[]> {
  const outcomes = await Promise.all(
    unitsBySku(lines).map(async ([sku]) => {
      const reply = await stock(sku).commit({ type: "commit", id: reservationId(id, sku) });
      return { sku, ok: reply.ok };
    }),
  );
  return outcomes.filter((outcome) => !outcome.ok).map((outcome) => outcome.sku);
}

/** Gives back the stock of an order that has ended unpaid: holds and, where payment failed half-way, commitments. */
export async function returnStock(stock: StockObjects, { id, lines }: Claimant): Promise<void> {
  await Promise.all(
    unitsBySku(lines).map(([sku]) => stock(sku).revert({ type: "revert", id: reservationId(id, sku) })),
  );
}
