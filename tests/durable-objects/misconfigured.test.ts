import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { routeAccess } from "#http/route-access";
import { askApp, bindingsWith } from "./ask-app.ts";
import { settingsOfWorkerTests } from "./worker-settings.ts";

const canary = "canary-of-a-secret";

afterEach(() => vi.restoreAllMocks());

/** What is logged from now on. */
function watchLog(): () => string {
  const spies = (["log", "warn", "error"] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation(() => {}),
  );
  return () => JSON.stringify(spies.flatMap(({ mock }) => mock.calls));
}

describe("a Worker without its bindings", () => {
  const lacking = { TOKEN_SECRET: undefined, DATABASE_URL: undefined, LIMITS: undefined };

  test("answers every route with a problem that names all of them", async () => {
    watchLog();
    const bindings = bindingsWith(lacking);
    for (const route of Object.keys(routeAccess)) {
      const [method = "", path = ""] = route.split(" ");
      const response = await askApp(path.replaceAll(/\{\w+\}/g, "x"), { method }, bindings);
      expect([route, response.status, response.headers.get("content-type")]).toEqual([
        route,
        503,
        "application/problem+json",
      ]);
      expect(await response.json()).toMatchObject({
        code: "misconfigured",
        instance: path.replaceAll(/\{\w+\}/g, "x"),
        request_id: expect.stringMatching(/^req_/),
        bindings: expect.toSatisfy(
          (names: string[]) => names.toSorted().join() === "DATABASE_URL,LIMITS,TOKEN_SECRET",
        ),
      });
    }
  });

  test("says so where there is no such route, too, and keeps browsers at bay", async () => {
    watchLog();
    const response = await askApp(
      "/no/such/path",
      {},
      bindingsWith({ ...lacking, ENVIRONMENT: "production" }),
    );
    expect(response.status).toBe(503);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.has("strict-transport-security")).toBe(true);
    expect(response.headers.get("retry-after")).not.toBeNull();
  });
});

test.each(Object.keys(settingsOfWorkerTests).filter((name) => !name.startsWith("PAYPAL_CLIENT")))(
  "a malformed %s is named, and its value is neither answered nor logged",
  async (name) => {
    const logged = watchLog();
    // Too short for a secret, and nothing else that is asked for.
    const value = canary.slice(0, 7);
    const response = await askApp("/health", {}, bindingsWith({ [name]: value }));
    const text = await response.text();
    expect(response.status).toBe(503);
    expect(JSON.parse(text)).toMatchObject({ code: "misconfigured", bindings: [name] });
    expect(text).not.toContain(value);
    expect(logged()).toContain(`${name} is malformed`);
    expect(logged()).not.toContain(value);
  },
);

test("a complete Worker is well", async () => {
  expect((await askApp("/health", {}, env)).status).toBe(200);
});
