import { Pool, type PoolClient } from "pg";
import type { Endpoint } from "../postgres/postgres.ts";
import { cancelRunningQuery } from "./cancel.ts";
import {
  CONNECTION_IDLE_MS_MAX,
  CONNECTION_WAIT_MS_MAX,
  CONNECTIONS_PER_LOGIN_MAX,
  LOGINS_MAX,
} from "./limits.ts";
import { Refusal } from "./refusal.ts";

/** One connection string with the connections that it has open. */
type Login = { host: string; pool: Pool };

export type Logins = {
  find: (connectionString: string) => Login;
  end: () => Promise<void>;
};

type Options = { hosts: Map<string, Endpoint>; log: (line: string) => void };

/** Keeps a pool of connections for each connection string that was seen lately. */
export function createLogins({ hosts, log }: Options): Logins {
  const logins = new Map<string, Login>();
  const endPool = ({ pool }: Login): Promise<void> => pool.end();
  return {
    find: (connectionString) => {
      const known = logins.get(connectionString);
      const login = known ?? openLogin(connectionString, { hosts, log });
      logins.delete(connectionString);
      logins.set(connectionString, login);
      if (known !== undefined) return known;
      for (const [oldest, idle] of logins) {
        if (logins.size <= LOGINS_MAX) break;
        logins.delete(oldest);
        endPool(idle).catch((error: unknown) => log(`a pool did not end: ${String(error)}`));
      }
      return login;
    },
    end: async () => {
      await Promise.all([...logins.values()].map(endPool));
    },
  };
}

function openLogin(connectionString: string, { hosts, log }: Options): Login {
  const url = parseConnectionString(connectionString);
  const endpoint = hosts.get(url.hostname);
  // Neon answers like this too: who guesses host names learns nothing.
  if (endpoint === undefined) {
    throw new Refusal(400, `password authentication failed for user '${url.username}'`);
  }
  const pool = new Pool({
    ...endpoint,
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    application_name: url.searchParams.get("application_name") ?? undefined,
    options: url.searchParams.get("options") ?? undefined,
    max: CONNECTIONS_PER_LOGIN_MAX,
    idleTimeoutMillis: CONNECTION_IDLE_MS_MAX,
    connectionTimeoutMillis: CONNECTION_WAIT_MS_MAX,
  });
  pool.on("connect", (client) => {
    client.on("error", (error) => log(`a connection to ${url.hostname} was lost: ${error.message}`));
  });
  pool.on("error", saidByItsClient);
  return { host: url.hostname, pool };
}

/** The pool reports the lost connections that nobody was using a second time. */
function saidByItsClient(): void {}

function parseConnectionString(connectionString: string): URL {
  if (!URL.canParse(connectionString)) throw new Refusal(400, "could not parse the connection string");
  const url = new URL(connectionString);
  if (!/^postgres(ql)?:$/.test(url.protocol)) throw new Refusal(400, "incorrect scheme");
  if (url.username === "") throw new Refusal(400, "missing username");
  if (url.password === "") throw new Refusal(400, "missing password");
  if (url.pathname.length < 2) throw new Refusal(400, "missing database name");
  return url;
}

type Loan<Result> = {
  login: Login;
  /** Aborted when the one who waits for the result has clientLeft. */
  clientLeft: AbortSignal;
  log: (line: string) => void;
  work: (client: PoolClient) => Promise<Result>;
};

/**
 * Lends a connection. It is kept only if it comes back outside of any transaction and nobody left
 * meanwhile, since a cancellation on its way could hit the next one's query.
 */
export async function lendConnection<Result>({
  login,
  clientLeft,
  log,
  work,
}: Loan<Result>): Promise<Result> {
  const client = await connect(login);
  const cancel = (): void => cancelRunningQuery(client, log);
  clientLeft.addEventListener("abort", cancel);
  try {
    clientLeft.throwIfAborted();
    return await work(client);
  } finally {
    clientLeft.removeEventListener("abort", cancel);
    client.release(clientLeft.aborted || client.getTransactionStatus() !== "I");
  }
}

async function connect({ host, pool }: Login): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    // Postgres' own refusals, such as a wrong password, go to the client as they are.
    if (error instanceof Error && "severity" in error) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Refusal(503, `no connection to ${host}: ${reason}`);
  }
}
