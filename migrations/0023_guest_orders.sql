-- Orders of guests are found by their address when that address is proven, and by their cart when its guest signs in.
-- Locks: each index is built under a share lock on orders, which holds writes up while it is built.

create index orders_of_guests_by_email on orders (lower(email)) where user_id is null;
create index orders_of_guests_by_cart on orders (cart_id) where user_id is null;
