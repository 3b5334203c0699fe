import { AppError } from "#core/errors";
import type { DisputeFacts } from "#core/payment-facts";

/** A dispute as it is stored. */
type KnownDispute = { readonly status: DisputeFacts["status"]; readonly reportedAt: Date };

/** What recording a dispute needs from the world; the real ones ask Postgres. */
export type DisputePorts<Order, Known extends KnownDispute> = {
  readonly load: () => Promise<Order | undefined>;
  readonly find: () => Promise<Known | undefined>;
  /** Stores the dispute with the order's history. False when somebody moved the order first. */
  readonly store: (order: Order, known: Known | undefined) => Promise<boolean>;
};

/** Rounds after lost races. */
const roundsMax = 3;

/**
 * Records what a provider reports of a dispute. The order is read first and guards what is stored: of two reports at
 * once the loser looks again and finds the other's.
 * @throws AppError conflict when others moved the order all the time.
 */
export async function recordReport<Order, Known extends KnownDispute>(
  ports: DisputePorts<Order, Known>,
  { status }: DisputeFacts,
  reportedAt: Date,
): Promise<void> {
  for (let round = 0; round < roundsMax; round++) {
    const order = await ports.load();
    if (order === undefined) return;
    const known = await ports.find();
    if (known && !isNews(known, { status, reportedAt })) return;
    if (await ports.store(order, known)) return;
  }
  throw new AppError("conflict", { detail: "The disputed order is being changed by others." });
}

/** Providers tell the time in seconds: within one, a decision is newer than the dispute's opening. */
function isNews(known: KnownDispute, told: KnownDispute): boolean {
  if (told.status === known.status) return false;
  const laterMs = told.reportedAt.getTime() - known.reportedAt.getTime();
  return laterMs > 0 || (laterMs === 0 && known.status === "open");
}
