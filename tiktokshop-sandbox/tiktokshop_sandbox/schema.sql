-- The shops' world. Keys hold the shop's number in their upper half: key = shop << 32 | number.
-- `state` is how an object lives on (msgpack); `doc` is what the platform would show of it (JSON).
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE events (
  at INTEGER NOT NULL, shop INTEGER NOT NULL, kind INTEGER NOT NULL, ref INTEGER NOT NULL,
  PRIMARY KEY (at, shop, kind, ref)
) WITHOUT ROWID;

CREATE TABLE desks (key INTEGER PRIMARY KEY, state BLOB NOT NULL);

CREATE TABLE products (
  key INTEGER PRIMARY KEY, shop INTEGER NOT NULL, id TEXT NOT NULL, status TEXT NOT NULL,
  create_time INTEGER NOT NULL, update_time INTEGER NOT NULL, state BLOB NOT NULL, doc BLOB NOT NULL
);
CREATE INDEX products_id ON products (id);
CREATE INDEX products_created ON products (shop, create_time, id, status, update_time);
CREATE TABLE skus (id TEXT PRIMARY KEY, product INTEGER NOT NULL, seller_sku TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX skus_seller ON skus (seller_sku);

CREATE TABLE orders (
  key INTEGER PRIMARY KEY, shop INTEGER NOT NULL, id TEXT NOT NULL, status TEXT NOT NULL,
  create_time INTEGER NOT NULL, update_time INTEGER NOT NULL,
  index_time INTEGER, -- where the search still lists an order that a refresh has moved on since
  shipping_type TEXT NOT NULL, user_id TEXT NOT NULL, warehouse_id TEXT NOT NULL,
  is_buyer_request_cancel INTEGER NOT NULL, doc BLOB NOT NULL
);
CREATE INDEX orders_id ON orders (id);
CREATE INDEX orders_created ON orders (shop, create_time, id, update_time, status);
CREATE INDEX orders_updated ON orders (shop, update_time, id, create_time, status);
CREATE INDEX orders_indexed ON orders (shop, index_time, id) WHERE index_time IS NOT NULL;
CREATE TABLE order_states (key INTEGER PRIMARY KEY, state BLOB NOT NULL);

CREATE TABLE packages (
  key INTEGER PRIMARY KEY, shop INTEGER NOT NULL, id TEXT NOT NULL, status TEXT NOT NULL,
  create_time INTEGER NOT NULL, update_time INTEGER NOT NULL, order_pay_time INTEGER NOT NULL, doc BLOB NOT NULL
);
CREATE INDEX packages_id ON packages (id);
CREATE INDEX packages_created ON packages (shop, create_time, id);
CREATE INDEX packages_updated ON packages (shop, update_time, id);

CREATE TABLE cancellations (
  key INTEGER PRIMARY KEY, shop INTEGER NOT NULL, id TEXT NOT NULL, order_id TEXT NOT NULL,
  user_id TEXT NOT NULL, status TEXT NOT NULL, type TEXT NOT NULL,
  create_time INTEGER NOT NULL, update_time INTEGER NOT NULL, state BLOB NOT NULL, doc BLOB NOT NULL
);
CREATE INDEX cancellations_id ON cancellations (id);
CREATE INDEX cancellations_order ON cancellations (order_id);
CREATE INDEX cancellations_created ON cancellations (shop, create_time, id);
CREATE INDEX cancellations_updated ON cancellations (shop, update_time, id);

CREATE TABLE returns (
  key INTEGER PRIMARY KEY, shop INTEGER NOT NULL, id TEXT NOT NULL, order_id TEXT NOT NULL,
  user_id TEXT NOT NULL, status TEXT NOT NULL, type TEXT NOT NULL, arbitration TEXT NOT NULL,
  proposed TEXT NOT NULL,
  create_time INTEGER NOT NULL, update_time INTEGER NOT NULL, state BLOB NOT NULL, doc BLOB NOT NULL
);
CREATE INDEX returns_id ON returns (id);
CREATE INDEX returns_order ON returns (order_id);
CREATE INDEX returns_created ON returns (shop, create_time, id);
CREATE INDEX returns_updated ON returns (shop, update_time, id);

CREATE TABLE transactions (
  key INTEGER PRIMARY KEY, shop INTEGER NOT NULL, id TEXT NOT NULL, order_id TEXT NOT NULL,
  order_create_time INTEGER NOT NULL, create_time INTEGER NOT NULL,
  settle_time INTEGER, -- when its statement may take it; NULL until delivery
  statement INTEGER,   -- key of the statement that took it; NULL while unsettled
  state BLOB NOT NULL
);
CREATE INDEX transactions_order ON transactions (order_id);
CREATE INDEX transactions_statement ON transactions (statement, order_create_time, id);
CREATE INDEX transactions_open ON transactions (shop, order_create_time, id) WHERE statement IS NULL;

CREATE TABLE statements (
  key INTEGER PRIMARY KEY, shop INTEGER NOT NULL, id TEXT NOT NULL, time INTEGER NOT NULL,
  payment INTEGER, status TEXT NOT NULL, state BLOB NOT NULL
);
CREATE INDEX statements_id ON statements (id);
CREATE INDEX statements_time ON statements (shop, time, id);

CREATE TABLE payments (
  key INTEGER PRIMARY KEY, shop INTEGER NOT NULL, id TEXT NOT NULL, create_time INTEGER NOT NULL,
  state BLOB NOT NULL
);
CREATE INDEX payments_created ON payments (shop, create_time, id);

CREATE TABLE withdrawals (
  key INTEGER PRIMARY KEY, shop INTEGER NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
  create_time INTEGER NOT NULL, state BLOB NOT NULL
);
CREATE INDEX withdrawals_created ON withdrawals (shop, create_time, id);
