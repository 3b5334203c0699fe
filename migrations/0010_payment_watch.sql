-- Payments that were ended with us and that buyers may still approve at the provider are looked after for some hours.
-- Locks: a share lock on payment_attempts while the index is built.

create index payment_attempts_closed on payment_attempts (created_at)
  where status = 'cancelled' and provider = 'paypal';
