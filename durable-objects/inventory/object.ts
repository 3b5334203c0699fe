import { DurableObject } from "cloudflare:workers";
import { type EpochMs, currentTime, epochMs } from "#core/time";
import type { Bindings } from "#platform/env";
import { createContext } from "#platform/context";
import { errorFields } from "#platform/log";
import { adjust, setThreshold, takeFirstCount } from "./adjustments.ts";
import { commit, expire, release, reserve, revert } from "./claims.ts";
import { GroupCommit } from "./group-commit.ts";
import { copyJournal, journalBatchMax } from "./journal-drain.ts";
import type {
  Adjust,
  AdjustReply,
  Commit,
  CommitReply,
  Decision,
  Release,
  ReleaseReply,
  Reservation,
  Reserve,
  ReserveReply,
  Revert,
  SetThreshold,
  Stock,
  ThresholdReply,
} from "./ledger.ts";
import { type Repair, type RepairReply, isWithinRepairLimits, openEpoch, settleClaim } from "./repair.ts";
import { horizonsAt, pruneRowsMax } from "./retention.ts";
import { type LedgerStore, openLedgerStore } from "./store.ts";

/**
 * Pause between a change and its copy to Postgres; what changes in between travels together. A level that fell or rose
 * is news to everybody; a number that moved within one waits for what follows it, and is still less than a second old
 * where it is shown.
 */
const drainDelayMs = { news: 100, other: 300 } as const;
const drainRetryMs = 5_000;
/** Overdue holds ended on one touch; the rest are ended on the next. */
const expiriesMax = 1_000;

/** What the object knows, for a comparison with what others know. */
export type Inspection = {
  stock: Stock;
  /** Number of the last entry that Postgres is known to have. */
  drainedSeq: number;
  heldUnits: number;
  /** Claims that have units, those of the newest orders first. */
  claims: Reservation[];
  /** False when there are more claims than were asked for. */
  complete: boolean;
  at: EpochMs;
};

/**
 * The stock of one SKU: the only place that decides how many units can still be sold. Calls that arrive together are
 * one storage transaction; a reply leaves when it is on disk. Whoever changes units passes on the first count that
 * Postgres keeps for a SKU whose object has reported nothing yet.
 */
export class InventoryObject extends DurableObject<Bindings> {
  readonly #store: LedgerStore;
  readonly #group: GroupCommit<EpochMs>;
  /** When the alarm is due; null: it is not set, undefined: it was not asked for yet. */
  #armedFor: EpochMs | null | undefined;
  /** The stock's version up to which the journal's copy is arranged for. */
  #arrangedSeq: number;
  #drainNotBefore = 0;
  /** Whether the copy that is arranged next carries another level. */
  #hasNews = false;

  constructor(state: DurableObjectState, bindings: Bindings) {
    super(state, bindings);
    this.#store = openLedgerStore(state.storage.sql);
    this.#arrangedSeq = this.#store.stock.seq;
    this.#group = new GroupCommit(state.storage, {
      open: () => this.#expireOverdue(),
      close: () => this.#arrangeDrain(),
      undone: () => this.#store.lookAgain(),
    });
  }

  reserve(command: Reserve, firstCount?: number): Promise<ReserveReply> {
    return this.#decide((store, now) => reserve(store, command, now), firstCount);
  }

  release(command: Release): Promise<ReleaseReply> {
    return this.#decide((store, now) => release(store, command, now));
  }

  commit(command: Commit): Promise<CommitReply> {
    return this.#decide((store, now) => commit(store, command, now));
  }

  revert(command: Revert): Promise<{ ok: true }> {
    return this.#decide((store, now) => revert(store, command, now));
  }

  adjust(command: Adjust, firstCount?: number): Promise<AdjustReply> {
    return this.#decide((store, now) => adjust(store, { ...command, firstCount }, now), firstCount);
  }

  setThreshold(command: SetThreshold, firstCount?: number): Promise<ThresholdReply> {
    return this.#decide((store, now) => setThreshold(store, command, now), firstCount);
  }

  /** The figures as of now, overdue holds already given back. */
  read(): Promise<Stock> {
    return this.#group.submit(() => this.#store.stock);
  }

  inspect(claimsMax: number): Promise<Inspection> {
    return this.#group.submit((at) => {
      const { stock } = this.#store;
      const claims = this.#store.openClaims(claimsMax + 1);
      const [firstUndrained] = this.#store.undrained(1);
      return {
        stock,
        drainedSeq: firstUndrained === undefined ? stock.seq : firstUndrained.seq - 1,
        heldUnits: this.#store.heldUnits(),
        claims: claims.slice(0, claimsMax),
        complete: claims.length <= claimsMax,
        at,
      };
    });
  }

  repair(command: Repair): Promise<RepairReply> {
    return this.#group.submit((now) => {
      if (!isWithinRepairLimits(command)) return { ok: false, reason: "limit_exceeded" };
      this.#save(openEpoch(this.#store, command, now));
      // Postgres has entries of these numbers; where they are others, the epoch's opening figures hold our side.
      this.#store.markDrained(command.ledgerSeq);
      const unrepaired = command.claims.filter((claim) => !this.#save(settleClaim(this.#store, claim, now)));
      return { ok: true, stock: this.#store.stock, unrepaired: unrepaired.map(({ id }) => id) };
    });
  }

  override async alarm(): Promise<void> {
    // Alarms are retried only a few times: nothing may escape, and the next one is always set.
    // Until then the one that runs stands for it: another one set meanwhile would replace it on disk, and a process
    // that died before the copy would never be woken to make it.
    this.#armedFor = currentTime();
    let next: EpochMs | undefined;
    try {
      const now = await this.#group.submit((at) => at);
      const isOld = (this.#store.earliestPrune() ?? Number.POSITIVE_INFINITY) <= now;
      const pruned = isOld ? this.#store.prune(horizonsAt(now), pruneRowsMax) : 0;
      await this.#drainJournal();
      if (pruned === pruneRowsMax) next = currentTime();
    } catch (error) {
      const { log } = this.#context();
      const fields = { ...errorFields(error), sku: this.#sku() };
      log("warn", "the stock journal could not be copied to Postgres", fields);
      next = epochMs(currentTime() + drainRetryMs);
      this.#drainNotBefore = next;
    }
    this.#armedFor = null;
    if (this.#store.undrained(1).length > 0) next ??= currentTime();
    await this.#arm([next, this.#store.earliestExpiry(), this.#store.earliestPrune()]);
  }

  #decide<Reply>(
    decide: (store: LedgerStore, now: EpochMs) => Decision<Reply>,
    firstCount?: number,
  ): Promise<Reply> {
    return this.#group.submit((now) => {
      if (firstCount !== undefined) this.#save(takeFirstCount(this.#store, firstCount, now));
      return this.#save(decide(this.#store, now));
    });
  }

  #save<Reply>(decision: Decision<Reply>): Reply {
    const { entry } = decision;
    this.#store.save(decision);
    if (entry !== undefined && entry.level !== entry.levelBefore) this.#hasNews = true;
    return decision.reply;
  }

  /** @returns the time of this touch. */
  #expireOverdue(): EpochMs {
    const now = currentTime();
    for (const reservation of this.#store.overdue(now, expiriesMax))
      this.#save(expire(this.#store.stock, reservation, now));
    return now;
  }

  /** Asked for where it is needed first. A journal that no alarm would copy any more is arranged for anew. */
  async #recallAlarm(): Promise<void> {
    const alarm = await this.ctx.storage.getAlarm();
    // The alarm itself may have begun meanwhile.
    if (this.#armedFor !== undefined) return;
    this.#armedFor = alarm === null ? null : epochMs(alarm);
    const [first] = this.#store.undrained(1);
    if (alarm === null && first !== undefined) this.#arrangedSeq = Math.min(this.#arrangedSeq, first.seq - 1);
  }

  /** The alarm that copies the journal also finds when the next hold expires, and arms itself for it. */
  async #arrangeDrain(): Promise<void> {
    if (this.#armedFor === undefined) await this.#recallAlarm();
    const { seq } = this.#store.stock;
    if (seq > this.#arrangedSeq) {
      this.#arrangedSeq = seq;
      const delayMs = this.#hasNews ? drainDelayMs.news : drainDelayMs.other;
      this.#hasNews = false;
      await this.#arm([epochMs(Math.max(currentTime() + delayMs, this.#drainNotBefore))]);
    } else if (this.#armedFor === null) {
      // A refusal changes no stock, but leaves a tombstone.
      await this.#arm([this.#store.earliestPrune()]);
    }
  }

  /** One alarm serves all duties: the journal's next copy, the earliest expiry, and what is old enough to forget. */
  async #arm(dues: readonly (EpochMs | undefined)[]): Promise<void> {
    const due = Math.min(...dues.filter((at) => at !== undefined));
    if (due >= (this.#armedFor ?? Number.POSITIVE_INFINITY)) return;
    this.#armedFor = epochMs(due);
    await this.ctx.storage.setAlarm(due);
  }

  async #drainJournal(): Promise<void> {
    const entries = this.#store.undrained(journalBatchMax);
    if (entries.length === 0) return;
    const copiedSeq = await copyJournal(this.#context(), this.#sku(), entries);
    this.#store.markDrained(copiedSeq);
  }

  #sku(): string {
    const { name } = this.ctx.id;
    if (name === undefined) throw new Error("an inventory object is addressed by its SKU");
    return name;
  }

  #context() {
    return createContext({
      bindings: this.env,
      executionContext: this.ctx,
      principal: { kind: "system" },
      drainOutbox: () => Promise.resolve(),
    });
  }
}
