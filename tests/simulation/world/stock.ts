import type { EpochMs } from "#core/time";
import { adjust } from "#durable-objects/inventory/adjustments";
import { commit, expire, release, reserve, revert } from "#durable-objects/inventory/claims";
import {
  type Adjust,
  type AdjustReply,
  type Adjustment,
  type Commit,
  type CommitReply,
  type Decision,
  type LedgerView,
  type Release,
  type ReleaseReply,
  type Reservation,
  type ReservationStatus,
  type Reserve,
  type ReserveReply,
  type Revert,
  type Stock,
  availableOf,
  emptyStock,
} from "#durable-objects/inventory/ledger";
import { Violation } from "../network.ts";

/** How a claim may go on; a claim that has ended never comes back. */
const nextStatuses: Record<ReservationStatus, readonly ReservationStatus[]> = {
  held: ["held", "committed", "released", "expired"],
  expired: ["expired", "committed", "released"],
  committed: ["committed", "released"],
  refused: ["refused", "released"],
  released: ["released"],
};

/** One SKU's inventory object: the production ledger over maps, its own clock, and an alarm. */
export class InventoryModel implements LedgerView {
  readonly sku: string;
  stock: Stock = emptyStock;
  readonly reservations = new Map<string, Reservation>();
  readonly #adjustments = new Map<string, Adjustment>();
  readonly #now: () => EpochMs;
  readonly #setAlarm: (delayMs: number, ring: () => void) => void;
  readonly #onExpiry: (reservationId: string) => void;
  /** When each claim was first held: whatever its payment does, a hold ends. */
  readonly #heldSince = new Map<string, number>();
  readonly #holdMsMax: number;
  /** Claims that were told that their units are gone. */
  readonly #gone = new Set<string>();
  /** Units received, less those lost, as its journal tells. */
  #journaledOnHand = 0;

  constructor(
    sku: string,
    clock: {
      now: () => EpochMs;
      setAlarm: (delayMs: number, ring: () => void) => void;
      onExpiry: (reservationId: string) => void;
    },
    holdMsMax: number,
  ) {
    this.#holdMsMax = holdMsMax;
    this.sku = sku;
    this.#now = clock.now;
    this.#setAlarm = clock.setAlarm;
    this.#onExpiry = clock.onExpiry;
  }

  get available(): number {
    return availableOf(this.stock);
  }

  reservation(id: string): Reservation | undefined {
    return this.reservations.get(id);
  }

  adjustment(id: string): Adjustment | undefined {
    return this.#adjustments.get(id);
  }

  reserve(command: Reserve): ReserveReply {
    const reply = this.#decide((now) => reserve(this, command, now));
    if (reply.ok) this.#setAlarm(reply.expiresAt - this.#now() + 1, () => this.#decide(nothing(this)));
    return reply;
  }

  release(command: Release): ReleaseReply {
    return this.#decide((now) => release(this, command, now));
  }

  commit(command: Commit): CommitReply {
    const reply = this.#decide((now) => commit(this, command, now));
    if (!reply.ok) this.#gone.add(command.id);
    else if (this.#gone.has(command.id)) throw new Violation("what is gone stays gone", command.id);
    return reply;
  }

  revert(command: Revert): { ok: true } {
    return this.#decide((now) => revert(this, command, now));
  }

  adjust(command: Adjust): AdjustReply {
    return this.#decide((now) => adjust(this, command, now));
  }

  #decide<Reply>(decide: (now: EpochMs) => Decision<Reply>): Reply {
    const now = this.#now();
    for (const reservation of this.reservations.values())
      if (reservation.status === "held" && reservation.expiresAt <= now) {
        this.#save(expire(this.stock, reservation, now));
        this.#onExpiry(reservation.id);
      }
    const reply = this.#save(decide(now));
    this.#check();
    return reply;
  }

  #save<Reply>({ stock, reservation, adjustment, entry, reply }: Decision<Reply>): Reply {
    if (stock.seq !== this.stock.seq + (entry === undefined ? 0 : 1))
      throw new Violation(
        "the journal is gapless",
        `${this.sku} goes from ${this.stock.seq} to ${stock.seq}`,
      );
    if (entry?.kind === "receive" || entry?.kind === "shrink" || entry?.kind === "recount")
      this.#journaledOnHand += entry.quantity;
    this.stock = stock;
    if (reservation) {
      const before = this.reservations.get(reservation.id)?.status;
      if (before && !nextStatuses[before].includes(reservation.status))
        throw new Violation("an ended claim stays ended", `${before} → ${reservation.status}`);
      this.reservations.set(reservation.id, reservation);
      if (!this.#heldSince.has(reservation.id)) this.#heldSince.set(reservation.id, this.#now());
    }
    if (adjustment) this.#adjustments.set(adjustment.id, adjustment);
    return reply;
  }

  #check(): void {
    const { onHand, held, sold } = this.stock;
    let heldUnits = 0;
    let soldUnits = 0;
    for (const { id, status, quantity } of this.reservations.values()) {
      if (status === "held" && this.#now() - (this.#heldSince.get(id) ?? 0) > this.#holdMsMax)
        throw new Violation("a hold lasts at most an hour", id);
      if (status === "held") heldUnits += quantity;
      else if (status === "committed") soldUnits += quantity;
    }
    if (this.available < 0 || held < 0 || sold < 0)
      throw new Violation("available is never negative", JSON.stringify(this.stock));
    if (held !== heldUnits || sold !== soldUnits || onHand !== this.#journaledOnHand)
      throw new Violation(
        "stock is conserved",
        `${this.sku}: ${JSON.stringify(this.stock)}, claims ${heldUnits} held, ${soldUnits} sold, ${this.#journaledOnHand} journaled`,
      );
  }
}

function nothing(view: LedgerView): () => Decision<undefined> {
  return () => ({ reply: undefined, stock: view.stock });
}
