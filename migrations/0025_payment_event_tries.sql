-- Each payment event says when the sweep may try it: after the queue has had its time, not while it is being acted on,
-- and after a failure ever later. The order of tries replaces the order of arrival, so that failing events stop nobody.
-- Events of one payment that wait are found together, and acted on at once.
-- Locks: an access exclusive lock on payment_events while its columns change, without a rewrite; a share lock while the
-- indexes are built, which are of unprocessed events only.

alter table payment_events
  add column next_try_at timestamptz not null default now(),
  alter column next_try_at set default now() + interval '10 seconds';

drop index payment_events_unprocessed;
create index payment_events_due on payment_events (next_try_at) where processed_at is null;
create index payment_events_waiting on payment_events (provider, provider_reference) where processed_at is null;
