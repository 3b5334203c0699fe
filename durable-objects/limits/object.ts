import { DurableObject } from "cloudflare:workers";
import { currentTime } from "#core/time";
import type { Bindings } from "#platform/env";
import { type Charge, type ChargeReply, decideCharge, windowAt } from "./window.ts";

const schema = `
  create table if not exists charges (
    key text not null, window integer not null, units integer not null, ends_at integer not null,
    primary key (key, window)) without rowid;
  create index if not exists charges_by_end on charges (ends_at);`;

const cleaningPauseMs = 60_000;

/**
 * Counts what must not go uncounted while Redis is away: attempts at passwords, and orders. One of a fixed number of
 * shards; its rows are gone soon after Redis is back.
 */
export class LimitsObject extends DurableObject<Bindings> {
  readonly #sql: SqlStorage;

  constructor(state: DurableObjectState, bindings: Bindings) {
    super(state, bindings);
    this.#sql = state.storage.sql;
    this.#sql.exec(schema);
  }

  async charge(charge: Charge): Promise<ChargeReply> {
    const { key, windowMs } = charge;
    const now = currentTime();
    const window = windowAt(now, windowMs);
    const charged = { current: this.#unitsOf(key, window), previous: this.#unitsOf(key, window - 1) };
    const { reply, added } = decideCharge(charge, charged, now);
    if (added !== 0)
      this.#sql.exec(
        `insert into charges values (?, ?, ?, ?)
         on conflict (key, window) do update set units = units + excluded.units`,
        key,
        window,
        added,
        (window + 2) * windowMs,
      );
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(now + cleaningPauseMs);
    return reply;
  }

  override async alarm(): Promise<void> {
    const now = currentTime();
    this.#sql.exec("delete from charges where ends_at <= ?", now);
    const { left } = this.#sql.exec<{ left: number }>("select count(*) as left from charges").one();
    if (left > 0) await this.ctx.storage.setAlarm(now + cleaningPauseMs);
  }

  #unitsOf(key: string, window: number): number {
    const [row] = this.#sql
      .exec<{ units: number }>("select units from charges where key = ? and window = ?", key, window)
      .toArray();
    return row?.units ?? 0;
  }
}
