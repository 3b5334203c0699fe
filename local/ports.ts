import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const HOST = "127.0.0.1";
const POLL_MS = 100;

/** What listens, in the order of the ports: the first has the base setting's port, and so on. */
const listeners = [
  "postgres",
  "replica",
  "neon",
  "redis",
  "queue",
  "search",
  "stripe",
  "mail",
  "sentry",
  "paypal",
  "identity",
] as const;

export type Ports = Record<(typeof listeners)[number] | "api", number>;

/**
 * Below the range from which systems take the source ports of outgoing connections (32768 on Linux): a service that
 * is down for a moment finds its port free again.
 */
const FREE_PORT_FIRST = 12_000;
const FREE_PORT_LAST = 31_000;
const FREE_PORT_TRIES_MAX = 200;

/** The port of each part. 0 as `api` or as `services`, the base of all other ports, takes free ones. */
export async function choosePorts(base: { api: number; services: number }): Promise<Ports> {
  const taken = new Set<number>();
  const claim = async (port: number): Promise<number> => port || claimFreePort(taken);
  const chosen = { api: await claim(base.api) } as Ports;
  for (const [offset, name] of listeners.entries()) {
    chosen[name] = await claim(base.services === 0 ? 0 : base.services + offset);
  }
  return chosen;
}

async function claimFreePort(taken: Set<number>): Promise<number> {
  for (let tries = 0; tries < FREE_PORT_TRIES_MAX; tries += 1) {
    const port = FREE_PORT_FIRST + Math.floor(Math.random() * (FREE_PORT_LAST - FREE_PORT_FIRST));
    if (taken.has(port) || !(await reserve(port)) || !(await isFree(port))) continue;
    taken.add(port);
    return port;
  }
  throw new Error(`No free port was found on ${HOST} between ${FREE_PORT_FIRST} and ${FREE_PORT_LAST}.`);
}

/**
 * Keeps a port from being chosen by anybody else who starts a stack, as long as this process lives: a part listens some
 * seconds after its port was chosen, and may be away for a while later. UDP's ports are others than those that the parts
 * listen on, and the system gives each to one process only.
 * @returns false when somebody has it.
 */
function reserve(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const reservation = createSocket("udp4").unref();
    reservation.once("error", () => reservation.close(() => resolve(false)));
    reservation.bind({ port, address: HOST, exclusive: true }, () => resolve(true));
  });
}

/**
 * Waits for parts of an earlier run that are just ending.
 * @throws Error that names every port that is still taken after the wait.
 */
export async function waitForFreePorts(ports: Partial<Ports>, waitMsMax: number): Promise<void> {
  const deadline = Date.now() + waitMsMax;
  for (;;) {
    const taken = await takenPorts(ports);
    if (taken.length === 0) return;
    if (Date.now() >= deadline) throw new Error(describeTaken(taken));
    await sleep(POLL_MS);
  }
}

type Taken = { name: string; port: number };

async function takenPorts(ports: Partial<Ports>): Promise<Taken[]> {
  const checks = Object.entries(ports).map(async ([name, port]) => ({
    name,
    port,
    free: await isFree(port),
  }));
  return (await Promise.all(checks)).filter(({ free }) => !free);
}

function describeTaken(taken: readonly Taken[]): string {
  const list = taken.map(({ name, port }) => `${port} (${name})`).join(", ");
  return (
    `Already taken on ${HOST}: ${list}. Is Tradewind running already? ` +
    "Otherwise end what listens there, or choose other ports: PORT for the API, SERVICES_PORT for the first service."
  );
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ port, host: HOST }, () => probe.close(() => resolve(true)));
  });
}
