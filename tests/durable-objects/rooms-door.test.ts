import { createExecutionContext, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test } from "vitest";
import { newId } from "#core/ids";
import { currentTime } from "#core/time";
import { settingsOf } from "#platform/env";
import { signToken } from "#platform/signed-tokens";
import { createApp } from "../../src/app.ts";

const shopPage = "https://shop.example";
const bindings = { ...env, CORS_ORIGINS: shopPage };
const app = createApp(() => Promise.resolve());

afterEach(reset);

type Ticket = { room: string; id: string; expires_at: number };

/** A ticket that we signed ourselves, good unless told otherwise. */
function ticketWith(contents: Partial<Ticket> = {}): Promise<string> {
  const usual = {
    room: `user:${newId("user", currentTime())}`,
    id: crypto.randomUUID(),
    expires_at: currentTime() + 60_000,
  };
  return signToken(settingsOf(bindings), "live-ticket", JSON.stringify({ ...usual, ...contents }));
}

async function connect(ticket: string, origin?: string): Promise<Response> {
  const headers = { upgrade: "websocket", ...(origin === undefined ? {} : { origin }) };
  return app.request(`/live?ticket=${ticket}`, { headers }, bindings, createExecutionContext());
}

test("an expired ticket is refused with a problem, before there is a socket", async () => {
  const answer = await connect(await ticketWith({ expires_at: currentTime() }));
  expect(answer.webSocket).toBeNull();
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(await answer.json()).toMatchObject({
    status: 401,
    code: "invalid_token",
    detail: "This ticket has expired. Ask for another at POST /live/ticket.",
  });
});

test("a token of another purpose is no ticket", async () => {
  const cursor = await signToken(settingsOf(bindings), "cursor", "{}");
  expect((await connect(cursor)).status).toBe(401);
});

test("a page of an allowed origin gets its socket, whatever headers the other answers carry", async () => {
  const answer = await connect(await ticketWith(), shopPage);
  expect(answer.status).toBe(101);
  const hello = new Promise((resolve) =>
    answer.webSocket?.addEventListener("message", ({ data }) => resolve(JSON.parse(String(data)))),
  );
  answer.webSocket?.accept();
  expect(await hello).toMatchObject({ type: "hello" });
});
