-- What buyers searched for and did not find, so that staff can add synonyms or goods: the words alone, counted, and
-- nothing of whoever typed them.
-- Locks: a new table only.

create table search_misses (
  query text primary key check (length(query) between 1 and 80),
  -- Visitors of one day count once each.
  times bigint not null check (times > 0),
  first_at timestamptz not null,
  last_at timestamptz not null
);
create index search_misses_most on search_misses ((-times), query);
create index search_misses_last on search_misses (last_at);
