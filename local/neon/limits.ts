/** Neon's own limits of one HTTP request and answer. */
export const REQUEST_BYTES_MAX = 10 * 1024 * 1024;
export const RESPONSE_BYTES_MAX = 10 * 1024 * 1024;

export const STATEMENTS_PER_BATCH_MAX = 10_000;
/** The protocol counts parameters in 16 bits. */
export const PARAMETERS_MAX = 65_535;

/** Connections for HTTP per connection string; Postgres itself allows 100 of all kinds. */
export const CONNECTIONS_PER_LOGIN_MAX = 32;
/** Connection strings served at a time; the least recently used gives up its connections. */
export const LOGINS_MAX = 16;
export const CONNECTION_WAIT_MS_MAX = 15_000;
export const CONNECTION_IDLE_MS_MAX = 30_000;

/** Statements that one connection keeps parsed. Each costs Postgres some tens of kilobytes. */
export const PREPARED_PER_CONNECTION_MAX = 200;
/** Longer texts, such as bulk inserts, hardly come twice. */
export const PREPARED_SQL_LENGTH_MAX = 8_192;

export const WEBSOCKET_MESSAGE_BYTES_MAX = 10 * 1024 * 1024;
export const WEBSOCKETS_MAX = 60;

export const RECENT_STATEMENTS_MAX = 500;

export const STOP_MS_MAX = 5_000;
