import { Client } from "undici";
import type { z } from "zod";

const ANSWER_MS_MAX = 60_000;

export type Call = {
  method: "GET" | "POST";
  path: string;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  json?: unknown;
};

/** What went over the wire for one call: enough to ask another server for as much. */
export type Exchange = { method: "GET" | "POST"; requestBytes: number; answerBytes: number };

export type Answer = {
  headers: Record<string, string | string[] | undefined>;
  as: <Output>(schema: z.ZodType<Output>) => Output;
};

/** One connection that is kept alive and has one request at a time on its way. */
export type Connection = {
  /** @throws Error when the answer is not a success. */
  send: (call: Call) => Promise<Answer>;
  /** What was exchanged since this was last asked. */
  takeExchanges: () => Exchange[];
  close: () => Promise<void>;
};

export function openConnection(origin: string): Connection {
  const client = new Client(origin, { pipelining: 1, headersTimeout: ANSWER_MS_MAX });
  let exchanges: Exchange[] = [];
  return {
    send: async ({ method, path, headers, json }) => {
      const body = json === undefined ? undefined : JSON.stringify(json);
      const answer = await client.request({
        method,
        path,
        headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
        ...(body === undefined ? {} : { body }),
      });
      const bytes = Buffer.from(await answer.body.arrayBuffer());
      exchanges.push({
        method,
        requestBytes: body === undefined ? 0 : Buffer.byteLength(body),
        answerBytes: bytes.length,
      });
      if (answer.statusCode >= 300)
        throw new Error(`${method} ${path} answered ${answer.statusCode}: ${bytes.toString()}`);
      return { headers: answer.headers, as: (schema) => schema.parse(JSON.parse(bytes.toString())) };
    },
    takeExchanges: () => {
      const taken = exchanges;
      exchanges = [];
      return taken;
    },
    close: () => client.destroy(),
  };
}
