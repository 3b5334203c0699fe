import { request as requestOverHttp } from "node:http";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { errorCodes } from "#core/errors";
import { adminToken, request, stack } from "../stack.ts";

const { api } = stack();

const Parameter = z.object({
  in: z.string(),
  name: z.string(),
  schema: z.object({ pattern: z.string().optional(), enum: z.array(z.string()).optional() }),
});
type Parameter = z.infer<typeof Parameter>;

const Operation = z.object({
  parameters: z.array(Parameter).default([]),
  requestBody: z
    .object({ content: z.record(z.string(), z.unknown()), required: z.boolean().default(false) })
    .optional(),
});
const Description = z.object({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
});

type Route = {
  method: string;
  path: string;
  hasId: boolean;
  mediaType: string | undefined;
  needsBody: boolean;
};

/** Well-formed, where the form is described, and nobody's; where there is a choice, its first. */
function idOfNothing(parameter: Parameter): string {
  if (parameter.schema.enum?.[0] !== undefined) return parameter.schema.enum[0];
  const [, prefix] = /^\^(\w+_)\[/.exec(parameter.schema.pattern ?? "") ?? [];
  if (prefix !== undefined) return prefix + "0".repeat(26);
  return new RegExp(parameter.schema.pattern ?? "").test("no-such-id") ? "no-such-id" : "nothing";
}

const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().min(1),
  instance: z.string(),
  code: z.enum(Object.keys(errorCodes)),
  request_id: z.string().min(1),
  errors: z.array(z.object({ pointer: z.string(), code: z.string() })).default([]),
});

const response = await fetch(`${api}/openapi.json`);
const described = Description.parse(await response.json());
const routes: Route[] = Object.entries(described.paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path: operation.parameters
      .filter((parameter) => parameter.in === "path")
      .reduce((filled, parameter) => filled.replace(`{${parameter.name}}`, idOfNothing(parameter)), path),
    hasId: path.includes("{"),
    mediaType: Object.keys(operation.requestBody?.content ?? {})[0],
    needsBody: operation.requestBody?.required === true,
  })),
);
const writes = routes.filter((route) => route.mediaType !== undefined);

let token: string;
beforeAll(async () => {
  token = await adminToken();
});

/** Sends it as the admin, so that it gets past who may do what. */
async function send({ method, path, mediaType = "application/json" }: Route, body?: string) {
  const answer = await fetch(api + path, {
    method,
    redirect: "manual",
    headers: {
      authorization: `Bearer ${token}`,
      "if-match": '"v1"',
      ...(body === undefined ? {} : { "content-type": mediaType }),
    },
    ...(body === undefined ? {} : { body }),
  });
  expect(answer.headers.get("content-type")).toContain("application/problem+json");
  const problem = Problem.parse(await answer.json());
  expect(problem.status).toBe(answer.status);
  expect(answer.headers.get("request-id")).toBe(problem.request_id);
  return problem;
}

test("the description names the routes that a shop needs", () => {
  expect(routes.length).toBeGreaterThan(30);
  expect(writes.length).toBeGreaterThan(10);
});

describe.each(writes)("$method $path", (route) => {
  test("refuses what cannot be read", async () => {
    expect((await send(route, '{"a":')).status).toBeLessThan(500);
  });

  test.runIf(route.mediaType?.includes("json") && !route.path.startsWith("/jobs/"))(
    "names a field that it does not know",
    async () => {
      const problem = await send(route, '{"no_such_field":true}');
      expect(problem.code).toBe("invalid_request");
      // Of a body that has several forms, none fits.
      const expected = ["/no_such_field unknown_field", " invalid_union", "/kind invalid_union"];
      expect(expected).toContain(problem.errors.map(({ pointer, code }) => `${pointer} ${code}`).at(-1));
    },
  );

  test.runIf(route.needsBody && route.mediaType === "application/json")(
    "does not take no body for an empty one",
    async () => {
      expect((await send(route)).status).toBe(400);
    },
  );

  test("refuses a list where an object belongs", async () => {
    expect((await send(route, "[1,2,3]")).status).toBeLessThan(500);
  });
});

test.each(routes.filter((route) => route.hasId))(
  "$method $path answers a problem for an id that is none",
  async ({ method, path }) => {
    const answer = await request(path, { method, token, ...(method === "GET" ? {} : { json: {} }) });
    if (answer.status < 400) return;
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    expect(answer.as(Problem).status).toBeLessThan(500);
  },
);

test("a path that does not exist is a problem too", async () => {
  expect((await request("/no/such/path")).as(Problem).code).toBe("not_found");
});

test("a body that comes with a GET is ignored", async () => {
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": "2" };
    const call = requestOverHttp(`${api}/products?limit=1`, { method: "GET", headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    call.on("error", reject);
    call.end("{}");
  });
  expect(status).toBe(200);
});
