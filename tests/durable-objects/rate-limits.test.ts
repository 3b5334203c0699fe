import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { askApp, bindingsWith } from "./ask-app.ts";

/** Redis is not there in these tests: what holds here holds while it is away. */
const small = { RATE_LIMIT_ADDRESS: "40", RATE_LIMIT_SITE: "60", RATE_LIMIT_BAD_CREDENTIALS: "5" };

const from = (address: string, headers: Record<string, string> = {}) => ({
  headers: { "cf-connecting-ip": address, ...headers },
});

const logInFrom = (address: string, email: string) => ({
  method: "POST",
  body: JSON.stringify({ email, password: "wrong password" }),
  headers: { "cf-connecting-ip": address, "content-type": "application/json" },
});

/** Asks until the answer is 429, as often as told at most; how often it was not. */
async function askUntilRefused(timesMax: number, ask: (time: number) => Promise<Response>) {
  for (let time = 0; time < timesMax; time++) {
    const response = await ask(time);
    if (response.status === 429) return { passed: time, refusal: response };
  }
  throw new Error(`${timesMax} requests passed`);
}

/** In the middle of every window, of a minute and of a quarter of an hour: none ends while a test runs. */
const longestWindowMs = 15 * 60_000;
beforeEach(() => void vi.setSystemTime((Math.floor(Date.now() / longestWindowMs) + 0.5) * longestWindowMs));
afterEach(() => void vi.useRealTimers());

describe("reads while nobody else counts", () => {
  test("pass up to the isolate's own count, with what is left in the fields of the draft", async () => {
    const bindings = bindingsWith(small);
    const ask = () => askApp("/openapi.json", from("192.0.2.1"), bindings);
    const first = await ask();
    expect(first.status).toBe(200);
    expect(first.headers.get("ratelimit-policy")).toBe('"address";q=40;w=60');
    expect(first.headers.get("ratelimit")).toMatch(/^"address";r=39;t=\d+$/);
    const { passed, refusal } = await askUntilRefused(50, ask);
    expect(passed).toBe(39);
    expect(Number(refusal.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(refusal.headers.get("content-type")).toBe("application/problem+json");
    expect(await refusal.json()).toMatchObject({
      code: "rate_limited",
      retryable: true,
      policy: "address",
      retry_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
  });

  test("of another address are not concerned", async () => {
    const bindings = bindingsWith(small);
    await askUntilRefused(50, () => askApp("/openapi.json", from("192.0.2.2"), bindings));
    expect((await askApp("/openapi.json", from("192.0.2.3"), bindings)).status).toBe(200);
  });

  test("of one /64 are counted together, and of one /48 too", async () => {
    const bindings = bindingsWith(small);
    const sameNetwork = await askUntilRefused(50, (time) =>
      askApp("/openapi.json", from(`2001:db8:1:1::${time.toString(16)}`), bindings),
    );
    expect(sameNetwork.passed).toBe(40);
    const sameSite = await askUntilRefused(50, (time) =>
      askApp("/openapi.json", from(`2001:db8:1:${(time + 16).toString(16)}::1`), bindings),
    );
    // The one that was refused for its /64 counted for the /48 as well.
    expect(sameSite.passed).toBe(19);
    expect(await sameSite.refusal.json()).toMatchObject({ policy: "site" });
  });

  test("health is never refused", async () => {
    const bindings = bindingsWith(small);
    await askUntilRefused(50, () => askApp("/openapi.json", from("192.0.2.4"), bindings));
    expect((await askApp("/health", from("192.0.2.4"), bindings)).status).toBe(200);
  });

  test("who sends too many forged signatures is refused before the next is looked at", async () => {
    const bindings = bindingsWith(small);
    const forged = { method: "POST", body: "{}", ...from("192.0.2.5", { "stripe-signature": "t=1,v1=00" }) };
    const { passed, refusal } = await askUntilRefused(10, async () => {
      const response = await askApp("/webhooks/stripe", forged, bindings);
      expect([400, 429]).toContain(response.status);
      return response;
    });
    expect(passed).toBe(5);
    expect(await refusal.json()).toMatchObject({ policy: "bad-credentials" });
  });

  test("a token in the header does not free a public route", async () => {
    const bindings = bindingsWith(small);
    const { passed } = await askUntilRefused(50, () =>
      askApp("/openapi.json", from("192.0.2.6", { authorization: "Bearer forged" }), bindings),
    );
    expect(passed).toBe(40);
  });
});

describe("logins while Redis is away", () => {
  test("are counted by a Durable Object", async () => {
    const bindings = bindingsWith({});
    const email = "someone@example.com";
    const { passed, refusal } = await askUntilRefused(15, () =>
      askApp("/auth/login", logInFrom("198.51.100.9", email), bindings),
    );
    expect(passed).toBe(10);
    expect(await refusal.json()).toMatchObject({ policy: "login-email" });
  });

  test.each(["/auth/login", "/auth/register", "/orders", "/payment/checkout"])(
    "POST %s is closed when the Durable Object is gone, too",
    async (path) => {
      // Rooms know no charges, so every call fails as it would without the object.
      const bindings = bindingsWith({ LIMITS: env.ROOMS });
      const response = await askApp(path, logInFrom("198.51.100.1", "else@example.com"), bindings);
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).not.toBeNull();
      expect(await response.json()).toMatchObject({
        code: "dependency_unavailable",
        detail: expect.stringContaining("cannot be counted"),
      });
      expect((await askApp("/openapi.json", from("198.51.100.1"), bindings)).status).toBe(200);
    },
  );
});
