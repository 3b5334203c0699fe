import { z } from "@hono/zod-openapi";
import { authLimits } from "#features/auth/rules";
import { securitySchemes } from "#http/access";
import type { App } from "#http/app-types";
import { bodyBytesMax, jsonLimits } from "#http/body-limit";
import { describeRoute } from "#http/describe-route";
import { createRouter, json, problems } from "#http/openapi";
import { pageLimits } from "#http/pagination";
import { targetCharactersMax } from "#http/request-target";
import { accessTokenSeconds } from "#platform/access-tokens";
import type { Settings } from "#platform/env";
import { checkReadiness } from "./check-readiness.ts";
import { type Limit, bearerScheme, describeApi, describedErrors } from "./describe-api.ts";
import { type DocsPage, renderDocs } from "./docs-page.ts";
import { Health, Readiness } from "./schema.ts";

const tags = ["operations"];

const descriptionMaxAge = "public, max-age=300";

const limits: readonly Limit[] = [
  { name: "json_body", value: bodyBytesMax.json, unit: "bytes", meaning: "A JSON body" },
  { name: "json_depth", value: jsonLimits.depthMax, unit: "levels", meaning: "Nesting in a JSON body" },
  { name: "json_keys", value: jsonLimits.keysMax, unit: "members", meaning: "All objects of a JSON body" },
  {
    name: "json_key",
    value: jsonLimits.keyCharactersMax,
    unit: "characters",
    meaning: "A name in a JSON body",
  },
  {
    name: "json_string",
    value: jsonLimits.stringCharactersMax,
    unit: "characters",
    meaning: "A string in a JSON body",
  },
  { name: "json_array", value: jsonLimits.arrayItemsMax, unit: "items", meaning: "An array in a JSON body" },
  { name: "target", value: targetCharactersMax, unit: "characters", meaning: "A path with its query" },
  { name: "webhook_body", value: bodyBytesMax.webhook, unit: "bytes", meaning: "A webhook's body" },
  { name: "import_body", value: bodyBytesMax.import, unit: "bytes", meaning: "A product file" },
  { name: "page_items", value: pageLimits.itemsMax, unit: "items", meaning: "A page of a list" },
  { name: "idempotency_key", value: 255, unit: "characters", meaning: "An Idempotency-Key" },
  { name: "access_token", value: accessTokenSeconds, unit: "seconds", meaning: "Life of an access token" },
  {
    name: "session_idle",
    value: authLimits.sessionIdleDays,
    unit: "days",
    meaning: "A session without a refresh",
  },
  { name: "session", value: authLimits.sessionDaysMax, unit: "days", meaning: "A session in all" },
  {
    name: "sessions",
    value: authLimits.sessionsPerUserMax,
    unit: "sessions",
    meaning: "Sessions of one account",
  },
  { name: "password", value: authLimits.passwordCharactersMax, unit: "characters", meaning: "A password" },
  {
    name: "password_min",
    value: authLimits.passwordCharactersMin,
    unit: "characters",
    meaning: "A password, at least",
  },
];

/** Health, readiness, and the description of all that `app` serves. Asks no one for a token. */
export function createOperationsRoutes(app: App): App {
  for (const [name, scheme] of Object.entries({ bearer: bearerScheme, ...securitySchemes }))
    app.openAPIRegistry.registerComponent("securitySchemes", name, scheme);
  const router = createRouter();
  router.openapi(healthRoute, (request) => request.json({ status: "ok" } as const, 200));
  router.openapi(readinessRoute, async (request) => {
    const readiness = await checkReadiness(request.var.context);
    return request.json(readiness, readiness.status === "ready" ? 200 : 503);
  });
  const describe = describeOnce(app);
  router.openAPIRegistry.registerPath(descriptionRoute);
  router.get(descriptionRoute.path, (request) => {
    request.header("Cache-Control", descriptionMaxAge);
    return request.json(describe(request.var.context.settings).document);
  });
  router.openapi(docsRoute, async (request) => {
    const page = await describe(request.var.context.settings).docs();
    request.header("Cache-Control", descriptionMaxAge);
    request.header("Content-Security-Policy", page.contentSecurityPolicy);
    return request.html(page.html, 200);
  });
  return router;
}

const healthRoute = describeRoute({
  method: "get",
  path: "/health",
  tags,
  summary: "Whether the process is alive",
  description: "Asks no dependency.",
  responses: { 200: json(Health, "It is"), ...problems() },
});

const readinessRoute = describeRoute({
  method: "get",
  path: "/ready",
  tags,
  summary: "Whether everything that the API needs answers",
  responses: {
    ...problems(),
    200: json(Readiness, "Everything answers"),
    503: json(Readiness, "Something does not"),
  },
});

const descriptionRoute = describeRoute({
  method: "get",
  path: "/openapi.json",
  tags,
  summary: "This description (OpenAPI 3.1)",
  responses: { 200: json(z.looseObject({ openapi: z.string() }), "The description"), ...problems() },
});

const docsRoute = describeRoute({
  method: "get",
  path: "/docs",
  tags,
  summary: "This description as a page",
  responses: {
    200: { description: "A page for people", content: { "text/html": { schema: z.string() } } },
    ...problems(),
  },
});

type Description = { document: ReturnType<App["getOpenAPI31Document"]>; docs: () => Promise<DocsPage> };

/** The routes do not change while an isolate lives, so they are described once, at the first question. */
function describeOnce(app: App): (settings: Settings) => Description {
  let known: Description | undefined;
  return (settings) => {
    known ??= createDescription(app, settings);
    return known;
  };
}

function createDescription(app: App, settings: Settings): Description {
  const shop = { name: settings.SHOP_NAME, url: settings.PUBLIC_URL };
  const document = withPlainPatterns(app.getOpenAPI31Document(describeApi(shop, limits)));
  let page: DocsPage | undefined;
  const docs = async () => {
    page ??= await renderDocs(document, { errors: describedErrors, limits });
    return page;
  };
  return { document, docs };
}

/** A pattern of JSON Schema has no flags, and reads Unicode always; the generator leaves "/u" at the end of some. */
function withPlainPatterns<Document extends object>(document: Document): Document {
  return JSON.parse(JSON.stringify(document), (key, value: unknown) =>
    key === "pattern" && typeof value === "string" ? value.replace(/\$\/[a-z]+$/, "$") : value,
  ) as Document;
}
