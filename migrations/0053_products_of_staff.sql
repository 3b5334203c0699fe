-- The staff's list of products has those of every status. Products on sale have their indexes already; what is not on
-- sale gets its own, which cost nothing to whoever changes what is. Only the time of the last change and the tags are
-- indexed of all products.
-- Locks: a share lock on products while the indexes are built, which stops writes to the catalogue meanwhile.

create index products_updated on products (status, updated_at desc, id desc);
create index products_newest_off_sale on products (status, created_at desc, id desc) where status <> 'active';
create index products_title_off_sale on products (status, title, id) where status <> 'active';
create index products_brand_off_sale on products (brand) where status <> 'active';
create index products_terms_off_sale on products using gin (list_terms) where status <> 'active';
create index products_words_off_sale on products using gin (words) where status <> 'active';
-- Additions wait in a list that every search reads whole: it stays short.
create index products_tags on products using gin (tags) with (gin_pending_list_limit = 1024);
