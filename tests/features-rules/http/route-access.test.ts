import { expect, test } from "vitest";
import { permissions } from "#core/permissions";
import { describeRoute } from "#http/describe-route";
import { routeAccess } from "#http/route-access";
import { createApp } from "../../../src/app.ts";

const app = createApp(() => Promise.resolve());

/** What the router really answers, in the description's notation; middleware that is there for all is left out. */
const routed = new Set(
  app.routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`),
);

test("whatever the router answers has an entry, and whatever has an entry is answered", () => {
  expect([...routed].sort()).toEqual(Object.keys(routeAccess).sort());
});

test("a route of the staff asks for a permission, and no other does", () => {
  for (const [route, access] of Object.entries(routeAccess))
    expect([route, access in permissions]).toEqual([
      route,
      route.includes(" /admin/") || route === "GET /metrics",
    ]);
});

test("a route without an entry neither compiles nor starts", () => {
  // @ts-expect-error This path is in no entry, and tsc fails here should it ever accept it.
  expect(() => describeRoute({ method: "get", path: "/nowhere", responses: {} })).toThrow(TypeError);
});
