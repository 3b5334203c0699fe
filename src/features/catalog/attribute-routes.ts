import { z } from "@hono/zod-openapi";
import { requiredVersion, versionEtag } from "#http/conditional";
import { requireContentType } from "#http/content-type";
import { describeRoute } from "#http/describe-route";
import { acceptsKey, keyErrors, keyHeaders, writeOnce } from "#http/idempotency";
import { createRouter, ifMatchHeader, json, jsonBody, problems } from "#http/openapi";
import {
  changeDefinition,
  createDefinition,
  listDefinitions,
  removeDefinition,
} from "./attribute-definitions.ts";
import {
  AttributeDefinitionPatch,
  AttributeDefinitionWire,
  AttributeKey,
  NewAttributeDefinition,
} from "./attribute-schema.ts";

export const attributeRoutes = createRouter();

const staff = ["catalogue (staff)"];
const mergePatch = "application/merge-patch+json";
const params = z.object({ key: AttributeKey });
const ifMatch = z.object({ ...acceptsKey, "if-match": ifMatchHeader });
const changeProblems = [
  "not_found",
  "if_match_required",
  "version_mismatch",
  "attribute_in_use",
  ...keyErrors,
] as const;

attributeRoutes.openapi(
  describeRoute({
    tags: ["catalogue"],
    method: "get",
    path: "/attributes",
    summary: "What the attributes of products and variants mean",
    responses: { 200: json(z.object({ data: z.array(AttributeDefinitionWire) }), "All of them, by key") },
  }),
  async (request) => {
    const data = await listDefinitions(request.var.context);
    request.header("Cache-Control", "public, max-age=2");
    return request.json({ data }, 200);
  },
);

attributeRoutes.openapi(
  describeRoute({
    tags: staff,
    method: "post",
    path: "/admin/attributes",
    summary: "Define an attribute",
    request: { headers: keyHeaders, body: jsonBody(NewAttributeDefinition) },
    responses: {
      201: json(AttributeDefinitionWire, "The definition"),
      ...problems(...keyErrors, "attribute_key_taken", "too_many_attributes"),
    },
  }),
  async (request) => {
    const input = request.req.valid("json");
    const definition = await writeOnce(request, { body: input, status: 201 }, (context) =>
      createDefinition(context, input),
    );
    request.header("ETag", versionEtag(definition.version));
    return request.json(definition, 201);
  },
);

attributeRoutes.openapi(
  describeRoute({
    tags: staff,
    middleware: requireContentType(mergePatch),
    method: "patch",
    path: "/admin/attributes/{key}",
    summary: "Change an attribute's title or choices",
    description: "A JSON merge patch. Its type stays, and so do choices that a product or variant has.",
    request: {
      params,
      headers: ifMatch,
      body: { required: true, content: { [mergePatch]: { schema: AttributeDefinitionPatch } } },
    },
    responses: {
      200: json(AttributeDefinitionWire, "The definition as it stands now"),
      ...problems(...changeProblems, "unsupported_media_type"),
    },
  }),
  async (request) => {
    const { key } = request.req.valid("param");
    const patch = request.req.valid("json");
    const version = requiredVersion(request);
    const definition = await writeOnce(request, { body: { version, patch }, status: 200 }, (context) =>
      changeDefinition(context, { key, version }, patch),
    );
    request.header("ETag", versionEtag(definition.version));
    return request.json(definition, 200);
  },
);

attributeRoutes.openapi(
  describeRoute({
    tags: staff,
    method: "delete",
    path: "/admin/attributes/{key}",
    summary: "Delete an attribute that nothing has",
    request: { params, headers: ifMatch },
    responses: { 204: { description: "Deleted" }, ...problems(...changeProblems) },
  }),
  async (request) => {
    const { key } = request.req.valid("param");
    const version = requiredVersion(request);
    await writeOnce(request, { body: { version }, status: 204 }, (context) =>
      removeDefinition(context, { key, version }),
    );
    return request.body(null, 204);
  },
);
