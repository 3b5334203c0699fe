/** Postgres' limit of connections; a standby must not have a lower one than its primary. */
const CONNECTIONS_MAX = 100;

/** Credentials of the local superuser. They protect nothing: Postgres listens on 127.0.0.1 only. */
export const LOCAL_LOGIN = { user: "tradewind", password: "tradewind", database: "tradewind" } as const;

/** Settings of primary and replica alike: as durable as production, as small as a laptop wants it. */
export const SERVER_SETTINGS: Record<string, string> = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: String(CONNECTIONS_MAX),
  shared_buffers: "128MB",
  effective_cache_size: "1GB",
  max_wal_size: "1GB",
  random_page_cost: "1.1",
  jit: "off",
  fsync: "on",
  synchronous_commit: "on",
  wal_level: "replica",
  max_wal_senders: "4",
  max_replication_slots: "4",
  // A replica that stays away for longer than this much WAL is rebuilt; the disk does not fill up.
  max_slot_wal_keep_size: "2GB",
  hot_standby: "on",
  hot_standby_feedback: "on",
  // The default of 5 s would be how long a replica sulks after each restart of its primary.
  wal_retrieve_retry_interval: "100ms",
  // Without it a query goes on after its client has left, holding its locks.
  client_connection_check_interval: "1s",
  timezone: "UTC",
  log_timezone: "UTC",
  lc_messages: "C",
  // Hides the errors of statements, which their callers get anyway, and keeps Postgres' own life events.
  log_min_messages: "log",
  log_checkpoints: "off",
};

/**
 * `password` and not scram-sha-256: Neon's WebSocket driver sends the password in clear with its
 * first packet, to save round trips.
 */
export const HOST_BASED_AUTHENTICATION = `# TYPE  DATABASE     USER  ADDRESS       METHOD
host      all          all   127.0.0.1/32  password
host      replication  all   127.0.0.1/32  password
`;
