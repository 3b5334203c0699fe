import { DurableObject } from "cloudflare:workers";
import { type EpochMs, currentTime } from "#core/time";
import type { Bindings } from "#platform/env";
import { createContext } from "#platform/context";
import { errorFields } from "#platform/log";
import { journalBatchMax, writeJournal } from "./journal-drain.ts";
import {
  type Adjust,
  type AdjustReply,
  type Commit,
  type CommitReply,
  type Decision,
  type Release,
  type ReleaseReply,
  type Reserve,
  type ReserveReply,
  type Revert,
  type Stock,
  adjust,
  commit,
  expire,
  release,
  reserve,
  revert,
} from "./ledger.ts";
import { type LedgerStore, openLedgerStore } from "./store.ts";

/** Pause between a change and its copy to Postgres; what changes in between travels together. */
const drainDelayMs = 100;
const drainRetryMs = 5_000;

/**
 * The stock of one SKU: the only place that decides how many units can still be sold. Each call is one storage
 * transaction; the reply leaves when it is on disk.
 */
export class InventoryObject extends DurableObject<Bindings> {
  readonly #store: LedgerStore;

  constructor(state: DurableObjectState, bindings: Bindings) {
    super(state, bindings);
    this.#store = openLedgerStore(state.storage.sql);
  }

  reserve(command: Reserve): Promise<ReserveReply> {
    return this.#decide((store, now) => reserve(store, command, now));
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

  adjust(command: Adjust): Promise<AdjustReply> {
    return this.#decide((store, now) => adjust(store, command, now));
  }

  /** The figures as of now, overdue holds already given back. */
  read(): Promise<Stock> {
    return this.#decide((store) => ({ reply: store.stock, stock: store.stock }));
  }

  override async alarm(): Promise<void> {
    // Alarms are retried only a few times: nothing may escape, and the next one is always set.
    this.#expireOverdue(currentTime());
    let nextDrainAt: EpochMs | undefined;
    try {
      if (await this.#drainJournal()) nextDrainAt = currentTime();
    } catch (error) {
      const { log } = this.#context();
      log("warn", "the stock journal could not be copied to Postgres", {
        ...errorFields(error),
        sku: this.#sku(),
      });
      nextDrainAt = (currentTime() + drainRetryMs) as EpochMs;
    }
    await this.#arm(nextDrainAt);
  }

  async #decide<Reply>(decide: (store: LedgerStore, now: EpochMs) => Decision<Reply>): Promise<Reply> {
    const now = currentTime();
    const seqBefore = this.#store.stock.seq;
    const reply = this.ctx.storage.transactionSync(() => {
      this.#expireOverdue(now);
      const decision = decide(this.#store, now);
      this.#store.save(decision);
      return decision.reply;
    });
    if (this.#store.stock.seq > seqBefore) await this.#arm((now + drainDelayMs) as EpochMs);
    return reply;
  }

  #expireOverdue(now: EpochMs): void {
    for (const reservation of this.#store.overdue(now))
      this.#store.save(expire(this.#store.stock, reservation, now));
  }

  /** One alarm serves both liveness duties: the earliest expiry and the journal's next copy. */
  async #arm(drainAt: EpochMs | undefined): Promise<void> {
    const dues = [drainAt, this.#store.earliestExpiry()].filter((at) => at !== undefined);
    if (dues.length === 0) return;
    const due = Math.min(...dues);
    const armed = await this.ctx.storage.getAlarm();
    if (armed === null || due < armed) await this.ctx.storage.setAlarm(due);
  }

  /** @returns true when there is more to copy. */
  async #drainJournal(): Promise<boolean> {
    const entries = this.#store.undrained(journalBatchMax);
    const last = entries.at(-1);
    if (last === undefined) return false;
    await writeJournal(this.#context(), this.#sku(), entries);
    this.#store.markDrained(last.seq);
    return this.#store.undrained(1).length > 0;
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
