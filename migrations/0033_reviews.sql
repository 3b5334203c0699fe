-- Reviews by buyers, and ratings that follow from them exactly.
-- Locks: access exclusive on products for the blink of an eye, a constant default rewrites nothing.

-- Grows when the rating changes: caches know by it which copy is newer, while staff may go on editing the version they read.
alter table products add column rating_version bigint not null default 0;

create table reviews (
  id text primary key,
  product_id text not null references products (id) on delete cascade,
  user_id text not null references users (id) on delete cascade,
  rating smallint not null check (rating between 1 and 5),
  title text,
  body text not null,
  -- The name that the buyer shows; no more of the account is shown.
  author text not null,
  status text not null default 'pending' check (status in ('pending', 'approved', 'rejected')),
  -- What staff tell the buyer of a review that is not shown.
  reason text,
  moderated_by text,
  moderated_at timestamptz,
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (product_id, user_id)
);
create index reviews_newest on reviews (product_id, id desc) where status = 'approved';
create index reviews_by_rating on reviews (product_id, rating, id) where status = 'approved';
create index reviews_to_moderate on reviews (status, id);
create index reviews_user on reviews (user_id, id desc);

-- Whatever changes a shown review, an erased account included, changes the product's sum and count in the same
-- transaction: writers of one product's ratings take turns at its row. Caches and search hear of it through the outbox.
create function keep_rating() returns trigger
language plpgsql as $$
declare
  taken integer := case when tg_op <> 'INSERT' and old.status = 'approved' then old.rating end;
  given integer := case when tg_op <> 'DELETE' and new.status = 'approved' then new.rating end;
  rated text := case when tg_op = 'DELETE' then old.product_id else new.product_id end;
begin
  if taken is not distinct from given then
    return null;
  end if;
  update products set
    rating_sum = rating_sum - coalesce(taken, 0) + coalesce(given, 0),
    rating_count = rating_count - (taken is not null)::integer + (given is not null)::integer,
    rating_version = rating_version + 1
  where id = rated;
  insert into outbox (id, type, subject, payload)
    select 'evt_' || substr(replace(gen_random_uuid()::text, '-', ''), 1, 26), 'product.changed', id,
      jsonb_build_object('product_id', id, 'version', version)
    from products where id = rated;
  return null;
end $$;

create trigger reviews_rating after insert or update or delete on reviews
  for each row execute function keep_rating();
