import type { EpochMs } from "#core/time";
import type { Adjustment, Decision, JournalEntry, LedgerView, Reservation, Stock } from "./ledger.ts";
import { type Horizons, retention } from "./retention.ts";
import { schema } from "./store-schema.ts";

/** The ledger in the object's own SQLite. All of it is synchronous: a decision and its save are one transaction. */
export type LedgerStore = LedgerView & {
  readonly save: (decision: Decision<unknown>) => void;
  /** Holds whose time is over, oldest first. */
  readonly overdue: (now: EpochMs, rowsMax: number) => Reservation[];
  readonly earliestExpiry: () => EpochMs | undefined;
  /** Journal entries that Postgres does not have yet, in order. */
  readonly undrained: (entriesMax: number) => JournalEntry[];
  readonly markDrained: (throughSeq: number) => void;
  /** Claims that have units, those of the newest orders first. */
  readonly openClaims: (rowsMax: number) => Reservation[];
  /** Sum of the units of all holds. */
  readonly heldUnits: () => number;
  /** Forgets some of what changed last before the horizons. @returns how many rows went. */
  readonly prune: (horizons: Horizons, rowsMax: number) => number;
  /** When the next row becomes old enough to be forgotten. */
  readonly earliestPrune: () => EpochMs | undefined;
};

type StockRow = {
  on_hand: number;
  held: number;
  sold: number;
  seq: number;
  epoch: number;
  low_at: number;
  level: Stock["level"];
};
type ReservationRow = {
  id: string;
  quantity: number;
  status: Reservation["status"];
  expires_at: EpochMs;
  changed_at: EpochMs;
};
type AdjustmentRow = { id: string; fingerprint: string; reply: string; at: EpochMs };
type JournalRow = StockRow & {
  kind: JournalEntry["kind"];
  quantity: number;
  reservation_id: string | null;
  reason: string | null;
  level_before: Stock["level"];
  at: EpochMs;
};

export function openLedgerStore(sql: SqlStorage): LedgerStore {
  sql.exec(schema);
  const reservations = (where: string, ...values: SqlStorageValue[]): Reservation[] =>
    sql
      .exec<ReservationRow>(`select * from reservations ${where}`, ...values)
      .toArray()
      .map(reservationOf);
  return {
    get stock() {
      return stockOf(sql.exec<StockRow>("select * from stock").one());
    },
    reservation: (id) => reservations("where id = ?", id)[0],
    adjustment: (id) => {
      const [row] = sql.exec<AdjustmentRow>("select * from adjustments where id = ?", id).toArray();
      // The reply was stored by this very object.
      return row && { ...row, reply: JSON.parse(row.reply) as Adjustment["reply"] };
    },
    save: (decision) => save(sql, decision),
    overdue: (now, rowsMax) =>
      reservations("where status = 'held' and expires_at <= ? order by expires_at limit ?", now, rowsMax),
    earliestExpiry: () =>
      earliest(sql, "select min(expires_at) as at from reservations where status = 'held'"),
    undrained: (entriesMax) =>
      sql.exec<JournalRow>("select * from journal order by seq limit ?", entriesMax).toArray().map(entryOf),
    markDrained: (throughSeq) => void sql.exec("delete from journal where seq <= ?", throughSeq),
    openClaims: (rowsMax) =>
      reservations("where status in ('held', 'committed') order by id desc limit ?", rowsMax),
    heldUnits: () =>
      sql
        .exec<{ units: number }>(
          "select coalesce(sum(quantity), 0) as units from reservations where status = 'held'",
        )
        .one().units,
    prune: (horizons, rowsMax) => prune(sql, horizons, rowsMax),
    earliestPrune: () => earliestPrune(sql),
  };
}

function stockOf({ on_hand: onHand, held, sold, seq, epoch, low_at: lowAt, level }: StockRow): Stock {
  return { onHand, held, sold, seq, epoch, lowAt, level };
}

function reservationOf({
  expires_at: expiresAt,
  changed_at: changedAt,
  ...row
}: ReservationRow): Reservation {
  return { ...row, expiresAt, changedAt };
}

function entryOf(row: JournalRow): JournalEntry {
  const { kind, quantity, reservation_id: reservationId, reason, level_before: levelBefore, at } = row;
  return {
    ...stockOf(row),
    kind,
    quantity,
    reservationId: reservationId ?? undefined,
    reason: reason ?? undefined,
    levelBefore,
    at,
  };
}

function earliest(sql: SqlStorage, query: string): EpochMs | undefined {
  return sql.exec<{ at: EpochMs | null }>(query).one().at ?? undefined;
}

function save(sql: SqlStorage, { stock, reservation, adjustment, entry }: Decision<unknown>): void {
  if (entry) {
    const { onHand, held, sold, seq, epoch, lowAt, level } = stock;
    const figures = [onHand, held, sold, seq, epoch, lowAt, level];
    sql.exec(
      "update stock set on_hand = ?, held = ?, sold = ?, seq = ?, epoch = ?, low_at = ?, level = ?",
      ...figures,
    );
    const { kind, quantity, reservationId, reason, levelBefore, at } = entry;
    const facts = [kind, quantity, reservationId ?? null, reason ?? null, levelBefore, at];
    sql.exec(
      `insert into journal (on_hand, held, sold, seq, epoch, low_at, level,
         kind, quantity, reservation_id, reason, level_before, at)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...figures,
      ...facts,
    );
  }
  if (reservation) {
    const { id, quantity, status, expiresAt, changedAt } = reservation;
    sql.exec(
      "insert or replace into reservations (id, quantity, status, expires_at, changed_at) values (?, ?, ?, ?, ?)",
      id,
      quantity,
      status,
      expiresAt,
      changedAt,
    );
  }
  if (adjustment) {
    const { id, fingerprint, reply, at } = adjustment;
    sql.exec(
      "insert into adjustments (id, fingerprint, reply, at) values (?, ?, ?, ?)",
      id,
      fingerprint,
      JSON.stringify(reply),
      at,
    );
  }
}

const ended = "status in ('released', 'expired', 'refused')";

function prune(sql: SqlStorage, horizons: Horizons, rowsMax: number): number {
  const { endedBefore, committedBefore, adjustedBefore } = horizons;
  const steps = [
    ["reservations", `${ended} and changed_at <= ?`, endedBefore],
    ["reservations", "status = 'committed' and changed_at <= ?", committedBefore],
    ["adjustments", "at <= ?", adjustedBefore],
  ] as const;
  let removed = 0;
  for (const [table, isOld, before] of steps) {
    const ids = `select id from ${table} where ${isOld} limit ?`;
    const gone = sql.exec(`delete from ${table} where id in (${ids}) returning 1`, before, rowsMax - removed);
    removed += gone.toArray().length;
  }
  return removed;
}

function earliestPrune(sql: SqlStorage): EpochMs | undefined {
  const { endedClaimMs, committedClaimMs, adjustmentMs } = retention;
  return earliest(
    sql,
    `select min(at) as at from (
       select min(changed_at) + ${endedClaimMs} as at from reservations where ${ended}
       union all select min(changed_at) + ${committedClaimMs} from reservations where status = 'committed'
       union all select min(at) + ${adjustmentMs} from adjustments)`,
  );
}
