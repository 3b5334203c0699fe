import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { inject } from "vitest";
import { z } from "zod";
import { readDescription } from "./described.ts";
import { DEMO_ADMIN } from "#local/credentials";

export type Call = {
  method?: string;
  /** Sent as JSON. */
  json?: unknown;
  /** An access token. */
  token?: string;
  headers?: Record<string, string>;
};

export type Answer = {
  status: number;
  headers: Headers;
  /** The parsed JSON, or the text where it is none. */
  body: unknown;
  /** The body as the schema reads it; fails the test with the whole answer where it does not fit. */
  as: <Output>(schema: z.ZodType<Output>) => Output;
};

export type SignIn = { email: string; password: string };

export type Customer = { id: string; email: string; password: string; token: string };

export type ShopClient = {
  request: (path: string, call?: Call) => Promise<Answer>;
  /** A new customer, signed in. */
  registerCustomer: () => Promise<Customer>;
  /** An access token of an admin whom no file that runs meanwhile has, too. */
  adminToken: () => Promise<string>;
};

const Session = z.object({ access_token: z.string(), user: z.object({ id: z.string() }) });

const attemptsMax = 20;
const attemptPauseMs = 1_000;

/** Well within the life of an access token, and of the proof that its owner was there lately. */
const SIGN_IN_AGAIN_MS = 180_000;

/** A shop's HTTP API as a caller sees it; every answer is held against the shop's own description. */
export function createShopClient(api: string): ShopClient {
  let admin: { token: Promise<string>; since: number } | undefined;
  const request = async (path: string, call: Call = {}): Promise<Answer> => {
    const response = await fetch(`${api}${path}`, requestOf(call));
    const text = await response.text();
    const contentType = response.headers.get("content-type") ?? "";
    const body = parseBody(text, contentType);
    const { status, headers } = response;
    const [mediaType = ""] = contentType.split(";");
    const check = await readDescription(api);
    check({ method: call.method ?? "GET", path, status, mediaType, body });
    return {
      status,
      headers,
      body,
      as: (schema) => read(schema, `${path} answered ${status}: ${text}`, body),
    };
  };
  return {
    request,
    registerCustomer: async () => {
      const account = {
        email: `${randomUUID()}@customers.example`,
        password: randomUUID(),
        name: "Test Customer",
      };
      const answer = await whenNotBusy(() => request("/auth/register", { method: "POST", json: account }));
      const { access_token: token, user } = answer.as(Session);
      return { id: user.id, email: account.email, password: account.password, token };
    },
    adminToken: () => {
      const now = Date.now();
      if (admin === undefined || now - admin.since > SIGN_IN_AGAIN_MS)
        admin = { token: signIn(request, adminOfWorker()), since: now };
      return admin.token;
    },
  };
}

/** With one admin for all, the twenty-first sign-in of anybody would end somebody else's session. */
function adminOfWorker(): SignIn {
  return inject("admins")?.[Number(process.env["VITEST_POOL_ID"]) - 1] ?? DEMO_ADMIN;
}

async function signIn(request: ShopClient["request"], { email, password }: SignIn): Promise<string> {
  const answer = await whenNotBusy(() =>
    request("/auth/login", { method: "POST", json: { email, password } }),
  );
  return answer.as(Session).access_token;
}

/** Comes again while the shop answers that it, or somebody it depends on, is too busy, as it does on a busy machine. */
export async function whenNotBusy<Reply extends { status: number }>(
  ask: () => Promise<Reply>,
): Promise<Reply> {
  for (let attempt = 1; ; attempt++) {
    const answer = await ask();
    if (answer.status !== 503 || attempt === attemptsMax) return answer;
    await sleep(attemptPauseMs);
  }
}

function requestOf({ method = "GET", json, token, headers = {} }: Call): RequestInit {
  return {
    method,
    redirect: "manual",
    headers: {
      ...(json === undefined ? {} : { "content-type": "application/json" }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  };
}

function parseBody(text: string, contentType: string): unknown {
  return /\bjson\b/.test(contentType) ? JSON.parse(text) : text;
}

function read<Output>(schema: z.ZodType<Output>, answered: string, body: unknown): Output {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new Error(`${answered}\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
