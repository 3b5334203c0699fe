-- Most buyers never open a live connection. What nobody has ever been let in to needs to be told nothing: who connects
-- later begins with the present, so that messages from before the first ticket are never heard. The rooms for which a
-- ticket was issued are kept here, for good, for a client may come back with its cursor at any time.
-- Locks: none but a share of orders and users while what there is already is taken over.

create table followed_rooms (
  room text primary key
);
insert into followed_rooms select 'order:' || id from orders union all select 'user:' || id from users;
