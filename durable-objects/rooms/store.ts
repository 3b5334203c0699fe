import type { EpochMs } from "#core/time";
import type { DoorView } from "./admission.ts";
import type { StoredFrame, StreamView, Trim } from "./stream.ts";

/** A room's memory in its own SQLite: the stream, and the tickets that were redeemed. */
export type RoomStore = StreamView &
  Omit<DoorView, "webSockets"> & {
    readonly keep: (frame: StoredFrame) => void;
    readonly forget: (trim: Trim) => void;
    readonly isEmpty: () => boolean;
    readonly redeem: (ticketId: string, expiresAt: EpochMs) => void;
    readonly forgetTickets: (expiredAt: EpochMs) => void;
  };

const schema = `
  create table if not exists stream (id integer primary key check (id = 1), epoch text not null, head integer not null);
  create table if not exists messages (
    sequence integer primary key, event_id text not null unique, text text not null, kept_at integer not null);
  create table if not exists redeemed_tickets (id text primary key, expires_at integer not null) without rowid;`;

type MessageRow = { sequence: number; event_id: string; text: string; kept_at: EpochMs };

/** @param epoch becomes the stream's if it is only now beginning. */
export function openRoomStore(sql: SqlStorage, epoch: string): RoomStore {
  sql.exec(schema);
  sql.exec("insert or ignore into stream values (1, ?, 0)", epoch);
  const count = (query: string) =>
    sql.exec<{ count: number }>(`select count(*) as count from ${query}`).one().count;
  return {
    get epoch() {
      return sql.exec<{ epoch: string }>("select epoch from stream").one().epoch;
    },
    get head() {
      return sql.exec<{ head: number }>("select head from stream").one().head;
    },
    sequenceOf: (eventId) =>
      sql.exec<{ sequence: number }>("select sequence from messages where event_id = ?", eventId).toArray()[0]
        ?.sequence,
    framesAfter: (sequence) =>
      sql
        .exec<MessageRow>("select * from messages where sequence > ? order by sequence", sequence)
        .toArray()
        .map(({ event_id: eventId, kept_at: keptAt, ...row }) => ({ ...row, eventId, keptAt })),
    keep: ({ sequence, eventId, text, keptAt }) => {
      sql.exec("insert into messages values (?, ?, ?, ?)", sequence, eventId, text, keptAt);
      sql.exec("update stream set head = ?", sequence);
    },
    // Only ever from the oldest on, even after a clock went backwards: what is kept has no holes.
    forget: ({ throughSequence, keptBefore }) =>
      void sql.exec(
        "delete from messages where sequence <= max(?, (select ifnull(max(sequence), 0) from messages where kept_at < ?))",
        throughSequence,
        keptBefore,
      ),
    isEmpty: () => count("messages") === 0,
    get liveTickets() {
      return count("redeemed_tickets");
    },
    isRedeemed: (ticketId) =>
      sql.exec("select 1 from redeemed_tickets where id = ?", ticketId).toArray().length > 0,
    redeem: (ticketId, expiresAt) =>
      void sql.exec("insert into redeemed_tickets values (?, ?)", ticketId, expiresAt),
    forgetTickets: (expiredAt) =>
      void sql.exec("delete from redeemed_tickets where expires_at <= ?", expiredAt),
  };
}
