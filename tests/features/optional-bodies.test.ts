import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { adminToken, stack } from "../stack.ts";

const { api } = stack();

const Described = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({ requestBody: z.object({ required: z.boolean().default(false) }).optional() }),
    ),
  ),
});
const Coded = z.object({ code: z.string() });

const { paths } = Described.parse(await (await fetch(`${api}/openapi.json`)).json());
const optional = Object.entries(paths).flatMap(([path, operations]) =>
  Object.entries(operations)
    .filter(([, { requestBody }]) => requestBody?.required === false)
    .map(([method]) => ({ method: method.toUpperCase(), path })),
);

let token: string;
beforeAll(async () => {
  token = await adminToken();
});

type Route = (typeof optional)[number];

const nobodys = { orders: "ord", returns: "ret", "api-keys": "key" };

/** The path with ids that are well-formed and nobody's. */
function filled(path: string): string {
  const [, , owner = ""] = path.split("/");
  const prefix = Object.entries(nobodys).find(([name]) => name === owner)?.[1] ?? "none";
  return path.replace("{id}", `${prefix}_${"0".repeat(26)}`).replace("{sku}", "nothing");
}

/** What comes of it: the status, and of a refusal its code. */
async function outcome({ method, path }: Route, sent: { type?: string; body?: string | ReadableStream }) {
  const { type, body } = sent;
  const answer = await fetch(api + filled(path), {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      "idempotency-key": crypto.randomUUID(),
      ...(type === undefined ? {} : { "content-type": type }),
    },
    ...(body === undefined ? {} : { body, duplex: "half" }),
  });
  const text = await answer.text();
  const code = answer.ok || text === "" ? undefined : Coded.parse(JSON.parse(text)).code;
  return { status: answer.status, code };
}

test("where nothing must be said, a body may be left out", () => {
  expect(optional.map(({ path }) => path)).toContain("/admin/reconciliation");
});

/** Logging out ends the session that the other calls come from. */
describe.each(optional.filter(({ path }) => path !== "/auth/logout"))("$method $path", (route) => {
  test("takes no body, and an empty one, for an empty object", async () => {
    const said = await outcome(route, { type: "application/json", body: "{}" });
    const empty = new ReadableStream({ start: (controller) => controller.close() });
    expect(said.code).not.toBe("invalid_request");
    expect(await outcome(route, {})).toEqual(said);
    expect(await outcome(route, { type: "application/json", body: "" })).toEqual(said);
    expect(await outcome(route, { body: empty })).toEqual(said);
  });
});
