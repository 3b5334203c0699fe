import { Hono } from "hono";
import { expect, test } from "vitest";
import type { AppEnvironment } from "#http/app-types";
import { giveBrowserSecret, readBrowserSecret } from "#http/browser-secret";
import { createContext } from "#platform/context";
import { bindingsFor } from "../auth/settings.ts";

const secret = "s".repeat(43);

/** A shop at this address that gives its cookie at one path and reads it at another. */
function shopAt(publicUrl: string) {
  const app = new Hono<AppEnvironment>();
  app.use(async (request, next) => {
    const executionContext = { waitUntil: () => undefined };
    const bindings = bindingsFor({ PUBLIC_URL: publicUrl });
    const drainOutbox = () => Promise.resolve();
    request.set("context", createContext({ bindings, executionContext, drainOutbox }));
    return next();
  });
  app.get("/give", (request) => {
    giveBrowserSecret(request, secret, 600);
    return request.body(null, 204);
  });
  app.get("/read", (request) => request.text(readBrowserSecret(request) ?? "none"));
  return app;
}

test("over TLS the cookie is one of this very host: __Host-, Secure, no domain, unread by scripts", async () => {
  const shop = shopAt("https://shop.example");
  const [name = "", ...attributes] = ((await shop.request("/give")).headers.get("set-cookie") ?? "").split(
    "; ",
  );
  expect(name).toBe(`__Host-sign-in=${secret}`);
  expect(attributes.toSorted()).toEqual(["HttpOnly", "Max-Age=600", "Path=/", "SameSite=Lax", "Secure"]);
  const read = async (cookie: string) => (await shop.request("/read", { headers: { cookie } })).text();
  expect(await read(`__Host-sign-in=${secret}`)).toBe(secret);
  // A page of a neighbouring host can set a cookie of this name, but never one with the prefix.
  expect(await read(`sign-in=${secret}`)).toBe("none");
});
