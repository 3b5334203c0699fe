import { expect, test } from "vitest";
import { z } from "zod";
import { type RouteName, routeAccess } from "#http/route-access";
import { costOf } from "#http/route-costs";
import { askApp, bindingsWith } from "./ask-app.ts";

const unitsMax = 100;
const methods = ["get", "put", "post", "patch", "delete"];
const Description = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

test("every route of the description takes its cost from whoever sends a request without a token", async () => {
  const bindings = bindingsWith({ RATE_LIMIT_ADDRESS: String(unitsMax) });
  const { paths } = Description.parse(await (await askApp("/openapi.json", {}, bindings)).json());
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    methods
      .filter((method) => method in operations)
      .map((method) => ({ path, method: method.toUpperCase() })),
  );
  expect(described.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(
    Object.keys(routeAccess).sort(),
  );
  const taken = new Map<string, number>();
  await Promise.all(
    described.map(async ({ path, method }, index) => {
      const headers = { "cf-connecting-ip": `192.0.2.${index + 1}` };
      const response = await askApp(path.replaceAll(/\{\w+\}/g, "nothing"), { method, headers }, bindings);
      const left = /(?:^|, )"address";r=(\d+)/.exec(response.headers.get("ratelimit") ?? "")?.[1];
      taken.set(`${method} ${path}`, left === undefined ? 0 : unitsMax - Number(left));
      await response.body?.cancel();
    }),
  );
  for (const name of Object.keys(routeAccess) as RouteName[])
    expect([name, taken.get(name)]).toEqual([name, costOf(name).units]);
}, 60_000);
