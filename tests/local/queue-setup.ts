import { mkdtempSync, rmSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@upstash/qstash";
import { onTestFinished, vi } from "vitest";
import { close, createHttpServer, listen, readBody } from "#local/http-server";
import { startQueue, type QueueOptions } from "#local/queue/start-queue";

export const TOKEN = "test-token";
const BODY_BYTES_MAX = 1_000_000;
export const SIGNING_KEYS = { currentSigningKey: "sig_current", nextSigningKey: "sig_next" };

/** A fresh queue and a client of it, gone when the test is. */
export async function startTestQueue(options: Partial<QueueOptions> = {}) {
  const stateFolder = options.stateFolder ?? temporaryFolder();
  const queue = await startQueue({
    port: 0,
    token: TOKEN,
    ...SIGNING_KEYS,
    log: () => undefined,
    ...options,
    stateFolder,
  });
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    await queue.stop();
  };
  onTestFinished(stop);
  return { url: queue.url, stop, stateFolder, client: clientOf(queue.url), ...steering(queue.url) };
}

export function clientOf(baseUrl: string): Client {
  return new Client({ baseUrl, token: TOKEN, enableTelemetry: false, devMode: false, retry: false });
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tradewind-queue-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function steering(url: string) {
  const post = (path: string, body: object) =>
    fetch(url + path, { method: "POST", body: JSON.stringify(body) });
  return {
    setFaults: (faults: object) => post("/_simulator/faults", faults),
    advanceClock: (ms: number) => post("/_simulator/clock", { advance_ms: ms }),
    stats: async () => (await fetch(`${url}/_local/stats`)).json(),
  };
}

export type Delivery = {
  path: string;
  method: string;
  headers: IncomingHttpHeaders;
  body: string;
};

export type Answer = { status: number; headers?: Record<string, string>; body?: string };
type Answering = (delivery: Delivery, earlier: Delivery[]) => Answer | Promise<Answer>;

/** A destination that remembers what was delivered to it. */
export async function startDestination(answer: Answering = () => ({ status: 200 })) {
  const deliveries: Delivery[] = [];
  const server = createHttpServer({
    log: console.error,
    async answer(request, response) {
      const body = (await readBody(request, BODY_BYTES_MAX)).toString("utf8");
      const { url: path = "", method = "", headers } = request;
      const delivery = { path, method, headers, body };
      const earlier = [...deliveries];
      deliveries.push(delivery);
      const reply = await answer(delivery, earlier);
      response.writeHead(reply.status, reply.headers).end(reply.body);
    },
  });
  const url = await listen(server, 0);
  onTestFinished(() => close(server));
  return { url, deliveries, bodies: () => deliveries.map(({ body }) => body) };
}

/** Polls until the condition stops throwing. */
export function eventually<Result>(condition: () => Result | Promise<Result>): Promise<Result> {
  return vi.waitFor(condition, { timeout: 25_000, interval: 5 });
}
