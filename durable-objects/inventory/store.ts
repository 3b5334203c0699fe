import type { EpochMs } from "#core/time";
import type { Adjustment, Decision, JournalEntry, LedgerView, Reservation, Stock } from "./ledger.ts";

/** The ledger in the object's own SQLite. All of it is synchronous: a decision and its save are one transaction. */
export type LedgerStore = LedgerView & {
  readonly save: (decision: Decision<unknown>) => void;
  /** Holds whose time is over, oldest first. */
  readonly overdue: (now: EpochMs) => Reservation[];
  readonly earliestExpiry: () => EpochMs | undefined;
  /** Journal entries that Postgres does not have yet, in order. */
  readonly undrained: (entriesMax: number) => JournalEntry[];
  readonly markDrained: (throughSeq: number) => void;
};

const schema = `
  create table if not exists stock (
    id integer primary key check (id = 1),
    on_hand integer not null, held integer not null check (held >= 0), sold integer not null check (sold >= 0),
    seq integer not null, check (on_hand - held - sold >= 0)
  );
  insert or ignore into stock values (1, 0, 0, 0, 0);
  create table if not exists reservations (
    id text primary key, quantity integer not null, status text not null, expires_at integer not null
  ) without rowid;
  create index if not exists reservations_held on reservations (expires_at) where status = 'held';
  create table if not exists adjustments (
    id text primary key, fingerprint text not null, reply text not null
  ) without rowid;
  create table if not exists journal (
    seq integer primary key, kind text not null, quantity integer not null, reservation_id text, reason text,
    on_hand integer not null, held integer not null, sold integer not null, at integer not null
  );`;

type StockRow = { on_hand: number; held: number; sold: number; seq: number };
type ReservationRow = { id: string; quantity: number; status: Reservation["status"]; expires_at: EpochMs };
type AdjustmentRow = { id: string; fingerprint: string; reply: string };
type JournalRow = StockRow & {
  kind: JournalEntry["kind"];
  quantity: number;
  reservation_id: string | null;
  reason: string | null;
  at: EpochMs;
};

export function openLedgerStore(sql: SqlStorage): LedgerStore {
  sql.exec(schema);
  const stockOf = ({ on_hand: onHand, held, sold, seq }: StockRow): Stock => ({ onHand, held, sold, seq });
  const reservationOf = ({ expires_at: expiresAt, ...row }: ReservationRow): Reservation => ({
    ...row,
    expiresAt,
  });
  return {
    get stock() {
      return stockOf(sql.exec<StockRow>("select on_hand, held, sold, seq from stock").one());
    },
    reservation: (id) =>
      sql.exec<ReservationRow>("select * from reservations where id = ?", id).toArray().map(reservationOf)[0],
    adjustment: (id) => {
      const [row] = sql.exec<AdjustmentRow>("select * from adjustments where id = ?", id).toArray();
      // The reply was stored by this very object.
      return row && { ...row, reply: JSON.parse(row.reply) as Adjustment["reply"] };
    },
    save: (decision) => save(sql, decision),
    overdue: (now) =>
      sql
        .exec<ReservationRow>(
          "select * from reservations where status = 'held' and expires_at <= ? order by expires_at",
          now,
        )
        .toArray()
        .map(reservationOf),
    earliestExpiry: () =>
      sql
        .exec<{ at: EpochMs | null }>("select min(expires_at) as at from reservations where status = 'held'")
        .one().at ?? undefined,
    undrained: (entriesMax) =>
      sql
        .exec<JournalRow>("select * from journal order by seq limit ?", entriesMax)
        .toArray()
        .map(({ reservation_id: reservationId, reason, kind, quantity, at, ...figures }) => ({
          ...stockOf(figures),
          reservationId: reservationId ?? undefined,
          reason: reason ?? undefined,
          kind,
          quantity,
          at,
        })),
    markDrained: (throughSeq) => void sql.exec("delete from journal where seq <= ?", throughSeq),
  };
}

function save(sql: SqlStorage, { stock, reservation, adjustment, entry }: Decision<unknown>): void {
  if (entry) {
    sql.exec(
      "update stock set on_hand = ?, held = ?, sold = ?, seq = ?",
      stock.onHand,
      stock.held,
      stock.sold,
      stock.seq,
    );
    sql.exec(
      "insert into journal values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      entry.seq,
      entry.kind,
      entry.quantity,
      entry.reservationId ?? null,
      entry.reason ?? null,
      entry.onHand,
      entry.held,
      entry.sold,
      entry.at,
    );
  }
  if (reservation)
    sql.exec(
      "insert or replace into reservations values (?, ?, ?, ?)",
      reservation.id,
      reservation.quantity,
      reservation.status,
      reservation.expiresAt,
    );
  if (adjustment)
    sql.exec(
      "insert into adjustments values (?, ?, ?)",
      adjustment.id,
      adjustment.fingerprint,
      JSON.stringify(adjustment.reply),
    );
}
