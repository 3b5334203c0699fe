/** The tables of one SKU's object. */
export const ledgerTables = {
  /** One row, from the first entry of the journal on. */
  stock: `create table stock (
    id integer primary key check (id = 1),
    on_hand integer not null, held integer not null check (held >= 0), sold integer not null check (sold >= 0),
    seq integer not null, epoch integer not null, low_at integer not null, level text not null,
    check (on_hand - held - sold >= 0)
  )`,
  reservations: `create table reservations (
    id text primary key, quantity integer not null, status text not null,
    expires_at integer not null, changed_at integer not null
  ) without rowid;
  create index reservations_held on reservations (expires_at) where status = 'held';
  create index reservations_age on reservations (status, changed_at)`,
  adjustments: `create table adjustments (
    id text primary key, fingerprint text not null, reply text not null, at integer not null
  ) without rowid`,
  journal: `create table journal (
    seq integer primary key, epoch integer not null, kind text not null, quantity integer not null,
    reservation_id text, reason text,
    on_hand integer not null, held integer not null, sold integer not null,
    low_at integer not null, level text not null, level_before text not null, at integer not null
  )`,
} as const;
