-- What the providers' events carried is forgotten some time after they were acted on.
-- Locks: a share lock on payment_events while the index is built, which is of what is not forgotten yet.

create index payment_events_to_forget on payment_events (processed_at)
  where processed_at is not null and payload <> '{"forgotten": true}';
