import { describe, expect, test } from "vitest";
import { askApp, bindingsWith } from "./ask-app.ts";

const shopPage = "https://shop.example";

describe("methods", () => {
  test.each([
    ["PUT", "/products", "GET, HEAD, OPTIONS"],
    ["DELETE", "/v1/cart", "GET, HEAD, OPTIONS, POST"],
    ["GET", "/auth/login", "OPTIONS, POST"],
    ["POST", "/health", "GET, HEAD, OPTIONS"],
    ["TRACE", "/orders/ord_1", "GET, HEAD, OPTIONS"],
    ["PATCH", "/cart/merge", "OPTIONS, POST"],
    ["GET", "/v1/admin/products/import", "OPTIONS, POST"],
  ])("%s %s is answered 405 with what there is", async (method, path, allowed) => {
    const response = await askApp(path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe(allowed);
    expect(await response.json()).toMatchObject({ code: "method_not_allowed" });
  });

  test("OPTIONS tells what a path allows, and nothing of a path that does not exist", async () => {
    const response = await askApp("/orders", { method: "OPTIONS" });
    expect(response.status).toBe(204);
    expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS, POST");
    expect((await askApp("/no/such/path", { method: "OPTIONS" })).status).toBe(404);
    const named = await askApp("/cart/merge", { method: "OPTIONS" });
    expect(named.headers.get("allow")).toBe("OPTIONS, POST");
  });

  test("HEAD has the headers of GET and no body", async () => {
    const response = await askApp("/openapi.json", { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain("application/json");
    expect(await response.text()).toBe("");
  });
});

describe("addresses", () => {
  test("a slash too many leads to the path without it, with method and query kept", async () => {
    const response = await askApp("/v1/products/?limit=5", { redirect: "manual" });
    expect(response.status).toBe(308);
    expect(response.headers.get("location")).toBe("/v1/products?limit=5");
  });

  test("a slash after a path that does not exist leads nowhere", async () => {
    expect((await askApp("/no/such/path/")).status).toBe(404);
    expect((await askApp("//evil.example/")).status).toBe(404);
  });

  test.each(["/products/%00", "/search?q=a%00b", "/search?q=%ff"])("%s is refused", async (path) => {
    const response = await askApp(path);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "invalid_request" });
  });

  test("an address that is too long is refused", async () => {
    const response = await askApp(`/search?q=${"a".repeat(9_000)}`);
    expect(response.status).toBe(414);
    expect(await response.json()).toMatchObject({ code: "uri_too_long" });
  });
});

describe("bodies", () => {
  const post = (body: BodyInit, contentType = "application/json") =>
    askApp("/cart", { method: "POST", body, headers: { "content-type": contentType } });

  test("one that is no JSON is refused with the place where it goes wrong", async () => {
    const response = await post('{\n  "variant_id": oops\n}');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: "malformed_json",
      position: { byte: 22, line: 2, column: 21 },
    });
  });

  test("one that nests too deep is refused", async () => {
    const response = await post("[".repeat(21) + "]".repeat(21));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "invalid_request", position: { byte: 20 } });
  });

  test("bytes that are no UTF-8 are refused", async () => {
    const response = await post(new Uint8Array([0x22, 0xc3, 0x28, 0x22]));
    expect(await response.json()).toMatchObject({ code: "malformed_json", detail: "The body is not UTF-8." });
  });

  test.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json; charset=latin1",
  ])("JSON sent as %s is refused", async (contentType) => {
    const response = await post("{}", contentType);
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({ code: "unsupported_media_type" });
  });

  test("UTF-8 may be named", async () => {
    expect((await post("{}", 'application/json; charset="UTF-8"')).status).toBe(400);
  });

  test("one where none is read changes nothing", async () => {
    const body = { body: "{", headers: { "content-type": "text/plain" } };
    expect((await askApp("/cart", { method: "PUT", ...body })).status).toBe(405);
    expect((await askApp("/no/such/path", { method: "POST", ...body })).status).toBe(404);
  });

  test("a compressed body is refused", async () => {
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    expect((await askApp("/cart", { method: "POST", body: "{}", headers })).status).toBe(415);
  });
});

describe("headers", () => {
  test.each(["/health", "/docs", "/no/such/path", "/openapi.json"])(
    "%s gives a browser no room for abuse",
    async (path) => {
      const { headers } = await askApp(path);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
      expect(headers.get("content-security-policy")).not.toContain("unsafe");
    },
  );

  test("browsers are held to TLS where there is TLS", async () => {
    const inProduction = await askApp("/health", {}, bindingsWith({ ENVIRONMENT: "production" }));
    expect(inProduction.headers.get("strict-transport-security")).toMatch(/max-age=\d{8}; includeSubDomains/);
    expect((await askApp("/health")).headers.has("strict-transport-security")).toBe(false);
  });
});

describe("pages of other origins", () => {
  const settings = bindingsWith({ CORS_ORIGINS: shopPage });
  const preflight = (origin: string) =>
    askApp(
      "/orders",
      { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST" } },
      settings,
    );

  test("one that is listed may ask, and its browser remembers that for a while", async () => {
    const { status, headers } = await preflight(shopPage);
    expect(status).toBe(204);
    expect(headers.get("access-control-allow-origin")).toBe(shopPage);
    expect(headers.get("access-control-allow-headers")).toContain("Idempotency-Key");
    expect(Number(headers.get("access-control-max-age"))).toBeGreaterThan(0);
    expect(headers.get("vary")).toContain("Origin");
    expect(headers.has("access-control-allow-credentials")).toBe(false);
  });

  test.each(["https://evil.example", "https://shop.example.evil.example", "http://shop.example", "null"])(
    "%s may not",
    async (origin) => {
      expect((await preflight(origin)).headers.has("access-control-allow-origin")).toBe(false);
      const { headers } = await askApp("/health", { headers: { origin } }, settings);
      expect(headers.has("access-control-allow-origin")).toBe(false);
      expect(headers.get("vary")).toContain("Origin");
    },
  );

  test("a refusal can be read by a page that is listed", async () => {
    const { status, headers } = await askApp("/no/such/path", { headers: { origin: shopPage } }, settings);
    expect(status).toBe(404);
    expect(headers.get("access-control-allow-origin")).toBe(shopPage);
    expect(headers.get("access-control-expose-headers")).toContain("Retry-After");
  });
});

describe("writes with cookies", () => {
  const settings = bindingsWith({ CORS_ORIGINS: shopPage, PUBLIC_URL: "https://api.example" });
  const logOut = (headers: Record<string, string>) =>
    askApp("/auth/logout", { method: "POST", headers: { cookie: "sign-in=x", ...headers } }, settings);

  test.each([
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "cross-site", origin: "null" },
    { origin: "https://evil.example" },
    { origin: "http://api.example" },
    { origin: "null" },
  ])("from a page elsewhere are refused: %o", async (headers) => {
    const response = await logOut(headers);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: "cross_site_refused" });
  });

  test.each([
    {},
    { "sec-fetch-site": "same-origin", origin: "https://api.example" },
    { "sec-fetch-site": "none" },
    { origin: "https://api.example" },
    { "sec-fetch-site": "cross-site", origin: shopPage },
  ])("from our own pages, from listed ones and from programs are looked at: %o", async (headers) => {
    expect((await logOut(headers)).status).not.toBe(403);
  });

  test("reads may come from anywhere, and so may writes without cookies", async () => {
    const crossSite = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
    const read = await askApp("/openapi.json", { headers: { cookie: "sign-in=x", ...crossSite } }, settings);
    expect(read.status).toBe(200);
    const write = await askApp("/auth/logout", { method: "POST", headers: crossSite }, settings);
    expect(write.status).not.toBe(403);
  });
});
