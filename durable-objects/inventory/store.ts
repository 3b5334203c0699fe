import type { EpochMs } from "#core/time";
import { LazyTables } from "../lazy-tables.ts";
import {
  type Adjustment,
  type Decision,
  type JournalEntry,
  type LedgerView,
  type Reservation,
  type Stock,
  emptyStock,
} from "./ledger.ts";
import { type Horizons, retention } from "./retention.ts";
import { ledgerTables } from "./store-schema.ts";

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
  /** To be called when a transaction was undone. */
  readonly lookAgain: () => void;
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

type Storage = { readonly sql: SqlStorage; readonly tables: LazyTables<keyof typeof ledgerTables> };

export function openLedgerStore(sql: SqlStorage): LedgerStore {
  const tables = new LazyTables(sql, ledgerTables);
  const storage: Storage = { sql, tables };
  const reservations = (where: string, ...values: SqlStorageValue[]): Reservation[] => {
    if (!tables.has("reservations")) return [];
    const rows = sql.exec<ReservationRow>(`select * from reservations ${where}`, ...values).toArray();
    return rows.map(reservationOf);
  };
  return {
    get stock() {
      if (!tables.has("stock")) return emptyStock;
      return stockOf(sql.exec<StockRow>("select * from stock").one());
    },
    reservation: (id) => reservations("where id = ?", id)[0],
    adjustment: (id) => findAdjustment(storage, id),
    save: (decision) => save(storage, decision),
    overdue: (now, rowsMax) =>
      reservations("where status = 'held' and expires_at <= ? order by expires_at limit ?", now, rowsMax),
    earliestExpiry: () =>
      tables.has("reservations")
        ? earliest(sql, "select min(expires_at) as at from reservations where status = 'held'")
        : undefined,
    undrained: (entriesMax) => {
      if (!tables.has("journal")) return [];
      const rows = sql.exec<JournalRow>("select * from journal order by seq limit ?", entriesMax).toArray();
      return rows.map(entryOf);
    },
    markDrained: (throughSeq) => {
      if (tables.has("journal")) sql.exec("delete from journal where seq <= ?", throughSeq);
    },
    openClaims: (rowsMax) =>
      reservations("where status in ('held', 'committed') order by id desc limit ?", rowsMax),
    heldUnits: () => heldUnits(storage),
    prune: (horizons, rowsMax) => prune(storage, horizons, rowsMax),
    earliestPrune: () => earliestPrune(storage),
    lookAgain: () => tables.lookAgain(),
  };
}

function findAdjustment({ sql, tables }: Storage, id: string): Adjustment | undefined {
  if (!tables.has("adjustments")) return undefined;
  const [row] = sql.exec<AdjustmentRow>("select * from adjustments where id = ?", id).toArray();
  // The reply was stored by this very object.
  return row && { ...row, reply: JSON.parse(row.reply) as Adjustment["reply"] };
}

function heldUnits({ sql, tables }: Storage): number {
  if (!tables.has("reservations")) return 0;
  const sum = "select coalesce(sum(quantity), 0) as units from reservations where status = 'held'";
  return sql.exec<{ units: number }>(sum).one().units;
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

function save(storage: Storage, { stock, reservation, adjustment, entry }: Decision<unknown>): void {
  if (entry) saveEntry(storage, stock, entry);
  if (reservation) saveReservation(storage, reservation);
  if (adjustment) saveAdjustment(storage, adjustment);
}

function saveEntry({ sql, tables }: Storage, stock: Stock, entry: JournalEntry): void {
  const { onHand, held, sold, seq, epoch, lowAt, level } = stock;
  const figures = [onHand, held, sold, seq, epoch, lowAt, level];
  tables.make("stock");
  sql.exec(
    `insert or replace into stock (id, on_hand, held, sold, seq, epoch, low_at, level)
     values (1, ?, ?, ?, ?, ?, ?, ?)`,
    ...figures,
  );
  const { kind, quantity, reservationId, reason, levelBefore, at } = entry;
  const facts = [kind, quantity, reservationId ?? null, reason ?? null, levelBefore, at];
  tables.make("journal");
  sql.exec(
    `insert into journal (on_hand, held, sold, seq, epoch, low_at, level,
       kind, quantity, reservation_id, reason, level_before, at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...figures,
    ...facts,
  );
}

function saveReservation({ sql, tables }: Storage, reservation: Reservation): void {
  const { id, quantity, status, expiresAt, changedAt } = reservation;
  tables.make("reservations");
  sql.exec(
    "insert or replace into reservations (id, quantity, status, expires_at, changed_at) values (?, ?, ?, ?, ?)",
    id,
    quantity,
    status,
    expiresAt,
    changedAt,
  );
}

function saveAdjustment({ sql, tables }: Storage, { id, fingerprint, reply, at }: Adjustment): void {
  tables.make("adjustments");
  sql.exec(
    "insert into adjustments (id, fingerprint, reply, at) values (?, ?, ?, ?)",
    id,
    fingerprint,
    JSON.stringify(reply),
    at,
  );
}

const ended = "status in ('released', 'expired', 'refused')";

function prune({ sql, tables }: Storage, horizons: Horizons, rowsMax: number): number {
  const { endedBefore, committedBefore, adjustedBefore } = horizons;
  const steps = [
    ["reservations", `${ended} and changed_at <= ?`, endedBefore],
    ["reservations", "status = 'committed' and changed_at <= ?", committedBefore],
    ["adjustments", "at <= ?", adjustedBefore],
  ] as const;
  let removed = 0;
  for (const [table, isOld, before] of steps) {
    if (!tables.has(table)) continue;
    const ids = `select id from ${table} where ${isOld} limit ?`;
    const gone = sql.exec(`delete from ${table} where id in (${ids}) returning 1`, before, rowsMax - removed);
    removed += gone.toArray().length;
  }
  return removed;
}

function earliestPrune({ sql, tables }: Storage): EpochMs | undefined {
  const { endedClaimMs, committedClaimMs, adjustmentMs } = retention;
  const ages = [
    ...(tables.has("reservations")
      ? [
          `select min(changed_at) + ${endedClaimMs} as at from reservations where ${ended}`,
          `select min(changed_at) + ${committedClaimMs} as at from reservations where status = 'committed'`,
        ]
      : []),
    ...(tables.has("adjustments") ? [`select min(at) + ${adjustmentMs} as at from adjustments`] : []),
  ];
  return ages.length === 0
    ? undefined
    : earliest(sql, `select min(at) as at from (${ages.join(" union all ")})`);
}
