import { expect, test, vi } from "vitest";
import { costOf, request } from "../../stack.ts";

test("health asks nobody", async () => {
  const answer = await request("/health", { headers: { authorization: "Bearer nonsense" } });
  expect(answer.status).toBe(200);
  expect(answer.body).toEqual({ status: "ok" });
  expect(costOf(answer)).toEqual({ databaseCalls: 0, objectCalls: 0 });
});

test("every dependency of the running stack is up", async () => {
  const up = { status: "up", latency_ms: expect.any(Number) };
  // On a busy machine one may be late with its sign of life.
  await vi.waitFor(async () => {
    const answer = await request("/ready");
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      status: "ready",
      dependencies: { database_primary: up, database_replica: up, cache: up, queue: up, search: up },
      order_databases: {},
    });
  }, 25_000);
});

test.each(["/health", "/nowhere", "/auth/profile", "/docs"])(
  "%s carries the security headers",
  async (path) => {
    const { headers } = await request(path);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(headers.get("cache-control")).toMatch(/no-store|public/);
    expect(headers.get("request-id")).toMatch(/^req_/);
    expect(headers.get("strict-transport-security")).toBeNull();
  },
);

test("no page of another origin may read answers unless it is listed", async () => {
  const answer = await request("/health", { headers: { origin: "https://elsewhere.example" } });
  expect(answer.headers.get("access-control-allow-origin")).toBeNull();
});
