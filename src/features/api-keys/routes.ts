import { z } from "@hono/zod-openapi";
import { describeRoute } from "#http/describe-route";
import { bodyErrors, createRouter, json, jsonBody, optionalJsonBody, problems } from "#http/openapi";
import { pageOf, pageQuery, pageRequestOf, pageToWire } from "#http/pagination";
import { createApiKey, listApiKeys, revokeApiKey, rotateApiKey } from "./api-keys.ts";
import { ApiKeyId, ApiKeyWire, NewApiKey, RotateApiKey, ShownApiKey } from "./schema.ts";

/** Keys with which programs act as themselves. */
export const apiKeyRoutes = createRouter();

const tags = ["staff"];
const keyParam = z.object({ id: ApiKeyId });
const shownOnce =
  "The key is in this answer and nowhere else. So nothing of it is recorded, an Idempotency-Key changes nothing, and a key whose answer was lost is revoked by its id.";

apiKeyRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/api-keys",
    summary: "API keys, newest first, without the keys themselves",
    request: { query: z.strictObject(pageQuery) },
    responses: { 200: json(pageOf(ApiKeyWire), "A page of the keys."), ...problems("invalid_cursor") },
  }),
  async (request) => {
    const page = await listApiKeys(request.var.context, pageRequestOf(request.req.valid("query")));
    return request.json(
      pageToWire(page, (key) => key),
      200,
    );
  },
);

apiKeyRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/admin/api-keys",
    summary: "Make an API key",
    description: shownOnce,
    request: { body: jsonBody(NewApiKey) },
    responses: { 201: json(ShownApiKey, "The key, this once."), ...problems(...bodyErrors) },
  }),
  async (request) => request.json(await createApiKey(request.var.context, request.req.valid("json")), 201),
);

apiKeyRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/admin/api-keys/{id}/rotate",
    summary: "Make a key in the place of another, which stays good for a while",
    description: shownOnce,
    request: { params: keyParam, body: optionalJsonBody(RotateApiKey) },
    responses: {
      201: json(ShownApiKey, "The new key, this once."),
      ...problems(...bodyErrors, "not_found", "conflict"),
    },
  }),
  async (request) => {
    const { id } = request.req.valid("param");
    return request.json(await rotateApiKey(request.var.context, id, request.req.valid("json")), 201);
  },
);

apiKeyRoutes.openapi(
  describeRoute({
    tags,
    method: "delete",
    path: "/admin/api-keys/{id}",
    summary: "Revoke an API key, at once",
    request: { params: keyParam },
    responses: { 204: { description: "It opens nothing any more" }, ...problems("not_found") },
  }),
  async (request) => {
    await revokeApiKey(request.var.context, request.req.valid("param").id);
    return request.body(null, 204);
  },
);
