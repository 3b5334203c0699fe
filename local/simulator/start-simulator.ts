import type { IncomingMessage, ServerResponse } from "node:http";
import { close, createHttpServer, listen, readBody, sendJson } from "../http-server.ts";
import type { RunningService, ServiceOptions } from "../service.ts";
import { clearTables } from "./database.ts";
import type { Delivery } from "./delivery-table.ts";
import type { OpenSimulation } from "./simulation.ts";
import { type ApiCall, steer, type SteeringDependencies } from "./steering.ts";
import { createTimerAlarm } from "./timer-alarm.ts";
import { createWebhookSender, type Dispatch } from "./webhook-sender.ts";

const BODY_BYTES_MAX = 1024 * 1024;
const CALLS_KEPT_MAX = 5_000;

export type SimulatorOptions = ServiceOptions & {
  /** Multiplies the pauses between attempts to deliver a webhook: 5 s, 15 s, 45 s, … at 1. */
  webhookBackoffScale?: number;
};

export type Received = { method: string; url: URL; body: string; request: IncomingMessage };

/** What sets one provider apart from another. */
export type Provider<Objects, Kind extends string> = {
  simulation: OpenSimulation<Objects, Kind>;
  runDueTimers: () => void;
  /** `origin` is where this simulator is reached. */
  prepareWebhook: (delivery: Delivery, origin: string) => Dispatch | undefined;
  /** Puts in place what the provider is started with: at the start, and again after a reset. */
  configure: () => void;
  steering: Pick<SteeringDependencies, "forge" | "urlOfEndpoint" | "extra">;
  /** Answers whatever is not meant for `/_simulator/`, and calls `wake` once that took effect. */
  respond: (received: Received, response: ServerResponse, wake: () => void) => Promise<void>;
};

/** Serves a provider's API, sends its webhooks and lets its timers ring until it is stopped. */
export async function startSimulator<Objects, Kind extends string>(
  { port, log, webhookBackoffScale: backoffScale = 1 }: SimulatorOptions,
  provider: Provider<Objects, Kind>,
): Promise<RunningService> {
  const { simulation, configure, runDueTimers } = provider;
  configure();
  let url = "";
  const prepare = (delivery: Delivery) => provider.prepareWebhook(delivery, url);
  const sender = createWebhookSender(simulation, { backoffScale, log, prepare });
  const alarm = createTimerAlarm({ ...simulation, runDueTimers, afterwards: sender.poke });
  const { clock, deliveries, faults } = simulation;
  const calls: ApiCall[] = [];
  const steering: SteeringDependencies = {
    ...provider.steering,
    clock,
    deliveries,
    faults,
    calls: () => calls,
    distort: (id, changes) => {
      const object = simulation.store.findAny(id);
      if (object === undefined) return false;
      simulation.store.save({ ...object, ...changes });
      return true;
    },
    wake: alarm.wake,
    reset: () => {
      calls.length = 0;
      clearTables(simulation.database);
      faults.reset();
      clock.reset();
      configure();
    },
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const received = await receive(request);
    if (!received.url.pathname.startsWith("/_simulator/")) {
      calls.push({ method: received.method, path: received.url.pathname });
      if (calls.length > CALLS_KEPT_MAX) calls.shift();
      await provider.respond(received, response, alarm.wake);
      return;
    }
    const { pathname: path, searchParams: query } = received.url;
    const { status, body } = steer(steering, { ...received, path, query });
    sendJson(response, status, body);
  };
  const server = createHttpServer({ answer, log });
  url = await listen(server, port);
  alarm.wake();

  return {
    url,
    stop: async () => {
      alarm.stop();
      await close(server);
      await sender.stop();
      simulation.database.close();
    },
  };
}

async function receive(request: IncomingMessage): Promise<Received> {
  const url = new URL(request.url ?? "/", `http://${request.headers.host ?? "127.0.0.1"}`);
  const body = (await readBody(request, BODY_BYTES_MAX)).toString("utf8");
  return { method: request.method ?? "GET", url, body, request };
}

export function headerText(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
