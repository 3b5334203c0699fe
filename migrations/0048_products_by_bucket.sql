-- Every minute a part of the search index is compared with the catalogue: the products whose ids end with one letter.
-- Without an index that read all of them each time.
-- Locks: a share lock on products while its index is built, which stops writes to the catalogue meanwhile.

create index products_bucket on products (right(id, 1)) where status = 'active';
