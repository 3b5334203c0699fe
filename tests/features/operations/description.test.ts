import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { z } from "zod";
import { errorCodes } from "#core/errors";
import { permissions } from "#core/permissions";
import { request } from "../../stack.ts";

const Operation = z.looseObject({
  summary: z.string().min(1),
  tags: z.array(z.string()).min(1),
  responses: z.record(z.string(), z.looseObject({ description: z.string().min(1) })),
});

const OpenApi = z.looseObject({
  openapi: z.literal("3.1.0"),
  info: z.object({ title: z.string(), version: z.string(), description: z.string(), license: z.unknown() }),
  servers: z.array(z.object({ url: z.url() })).min(1),
  tags: z.array(z.object({ name: z.string(), description: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.looseObject({
    schemas: z.record(z.string(), z.unknown()),
    securitySchemes: z.object({
      bearer: z.object({ type: z.literal("http"), scheme: z.literal("bearer") }).loose(),
    }),
  }),
  "x-error-codes": z.array(
    z.object({ code: z.string(), status: z.int(), title: z.string(), retryable: z.boolean() }),
  ),
  "x-limits": z
    .array(z.object({ name: z.string(), value: z.number(), unit: z.string(), meaning: z.string() }))
    .min(1),
});

async function description() {
  return (await request("/openapi.json")).as(OpenApi);
}

test("the description names every error code and every operation's tag", async () => {
  const document = await description();
  expect(document["x-error-codes"].map(({ code }) => code).sort()).toEqual(Object.keys(errorCodes).sort());
  const tags = new Set(document.tags.map(({ name }) => name));
  const used = Object.values(document.paths).flatMap((item) =>
    Object.values(item).flatMap((operation) => operation.tags),
  );
  expect(used.filter((tag) => !tags.has(tag))).toEqual([]);
  expect(tags.size).toBe(document.tags.length);
});

test("every reference in the description leads somewhere", async () => {
  const document = await description();
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
  expect(references.length).toBeGreaterThan(0);
  for (const [, name = ""] of references) expect(document.components.schemas).toHaveProperty([name]);
});

test("the sign-in routes are described with their errors", async () => {
  const { paths } = await description();
  const login = paths["/auth/login"]?.["post"];
  expect(Object.keys(login?.responses ?? {})).toEqual(
    expect.arrayContaining(["200", "400", "401", "415", "429", "503"]),
  );
});

test("the documentation page loads nothing and runs only its own script", async () => {
  const answer = await request("/docs");
  const page = z.string().parse(answer.body);
  const policy = answer.headers.get("content-security-policy") ?? "";
  expect(answer.headers.get("content-type")).toContain("text/html");
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain("unsafe");
  for (const element of ["style", "script"]) {
    const [, text = ""] = new RegExp(`<${element}>([\\s\\S]*?)</${element}>`).exec(page) ?? [];
    const hash = createHash("sha256").update(text).digest("base64");
    expect(policy).toContain(`${element}-src 'sha256-${hash}'`);
  }
  expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
});

test("the documentation page shows every operation, error code and limit", async () => {
  const page = z.string().parse((await request("/docs")).body);
  const document = await description();
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
  expect([...page.matchAll(/<details class="operation"/g)]).toHaveLength(operations.length);
  for (const code of Object.keys(errorCodes)) expect(page).toContain(`<code>${code}</code>`);
  for (const name of Object.keys(permissions)) expect(page).toContain(`<code>${name}</code>`);
  for (const { name } of document["x-limits"]) expect(page).toContain(`<code>${name}</code>`);
});
