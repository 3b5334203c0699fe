import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import { startMail } from "#local/mail/start-mail";
import type { RunningService } from "#local/service";

const API_KEY = "mail-key-of-this-test";
const MESSAGE = {
  from: "Tradewind <orders@shop.example>",
  to: "Ada Lovelace <Ada@Example.com>",
  subject: "Your order <b>ord_1</b> & more",
  text: "Thank you.\nFollow it at https://shop.example/orders/1?token=a&lang=en.",
  html: '<p>Thank <em>you</em>. <a href="https://shop.example/refund?order=1&amp;x=2">Refund</a></p><script>alert(1)</script>',
};
const Listed = z.object({
  messages: z.array(z.looseObject({ id: z.string(), subject: z.string(), to: z.string() })),
});

let folder: string;
let mail: RunningService;

function start(options: { port?: number; folder?: string } = {}): Promise<RunningService> {
  const stateFolder = options.folder ?? folder;
  return startMail({ port: options.port ?? 0, stateFolder, log: () => undefined, apiKey: API_KEY });
}

function send(message: unknown, headers: Record<string, string> = {}, service = mail): Promise<Response> {
  return fetch(`${service.url}/messages`, {
    method: "POST",
    headers: { authorization: `Bearer ${API_KEY}`, ...headers },
    body: typeof message === "string" ? message : JSON.stringify(message),
  });
}

async function sendForId(message: unknown, headers: Record<string, string> = {}): Promise<string> {
  const response = await send(message, headers);
  expect(response.status).toBe(201);
  return z.object({ id: z.string() }).parse(await response.json()).id;
}

async function list(query = "", service = mail) {
  return Listed.parse(await (await fetch(`${service.url}/messages${query}`)).json()).messages;
}

async function page(path: string): Promise<string> {
  return (await fetch(`${mail.url}${path}`)).text();
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mail-test-"));
  mail = await start();
});

afterAll(async () => {
  await mail.stop();
  await rm(folder, { recursive: true, force: true });
});

test("says in an empty inbox what will appear there", async () => {
  expect(await page("/")).toContain("Every mail that the shop sends appears here");
});

test("lists a recipient's messages, newest first, by bare address in any case", async () => {
  const first = await sendForId(MESSAGE);
  const second = await sendForId({ ...MESSAGE, to: "ada@example.com", subject: "Shipped" });
  await sendForId({ ...MESSAGE, to: "someone.else@example.com" });
  expect((await list("?to=ada@EXAMPLE.com")).map(({ id }) => id)).toEqual([second, first]);
  expect((await list("?to=ada@example.com"))[1]).toMatchObject({ ...MESSAGE, id: first });
  expect(await list()).toHaveLength(3);
});

test("keeps one mail for one idempotency key, in header or body, also over a restart", async () => {
  const to = "once@example.com";
  const id = await sendForId({ ...MESSAGE, to }, { "idempotency-key": "order-1-placed" });
  expect(await sendForId({ ...MESSAGE, to }, { "idempotency-key": "order-1-placed" })).toBe(id);
  await mail.stop();
  mail = await start();
  expect(await sendForId({ ...MESSAGE, to, idempotency_key: "order-1-placed" })).toBe(id);
  expect(await list(`?to=${to}`)).toHaveLength(1);
});

test("shows a message with its links, its text escaped and its HTML in a frame without scripts", async () => {
  const id = await sendForId({ ...MESSAGE, to: "reader@example.com" });
  const view = await page(`/messages/${id}/view`);
  expect(view).toContain("Your order &#60;b&#62;ord_1&#60;/b&#62; &#38; more");
  expect(view).toContain('href="https://shop.example/orders/1?token=a&#38;lang=en"');
  expect(view).toContain('href="https://shop.example/refund?order=1&#38;x=2"');
  expect(view).toContain('sandbox="allow-popups allow-popups-to-escape-sandbox"');
  expect(view).not.toContain("<script");
  expect(await page("/?to=reader@example.com")).toContain(`href="/messages/${id}/view"`);
  expect((await fetch(`${mail.url}/messages/msg_unknown/view`)).status).toBe(404);
});

test.each([
  ["no JSON", "not json", "/"],
  ["no recipient", { ...MESSAGE, to: undefined }, "/to"],
  ["a recipient that is no address", { ...MESSAGE, to: "Ada" }, "/to"],
  ["a sender that forges a header", { ...MESSAGE, from: "x@example.com\r\nBcc: y@example.com" }, "/from"],
  ["an unknown field", { ...MESSAGE, cc: "x@example.com" }, "/"],
])("refuses a message with %s", async (_what, message, pointer) => {
  const response = await send(message);
  expect(response.status).toBe(422);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await response.json()).toMatchObject({
    status: 422,
    code: "invalid_message",
    errors: expect.arrayContaining([expect.objectContaining({ pointer })]),
  });
});

test("refuses a sender without the key, an oversized body and an unknown path", async () => {
  const stranger = await send(MESSAGE, { authorization: "Bearer guess" });
  expect([stranger.status, stranger.headers.get("content-type")]).toEqual([401, "application/problem+json"]);
  expect((await send({ ...MESSAGE, text: "x".repeat(5 * 1024 * 1024) })).status).toBe(413);
  expect((await fetch(`${mail.url}/elsewhere`)).status).toBe(404);
});

test("names the port that is taken, and frees its own when it stops", async () => {
  const elsewhere = join(folder, "elsewhere");
  const first = await start({ folder: elsewhere });
  const port = Number(new URL(first.url).port);
  await expect(start({ port, folder: elsewhere })).rejects.toThrow(`Port ${port}`);
  await first.stop();
  const second = await start({ port, folder: elsewhere });
  expect(await list("", second)).toEqual([]);
  await second.stop();
});
