import { z } from "@hono/zod-openapi";
import { requiredVersion } from "#http/conditional";
import { describeRoute } from "#http/describe-route";
import { keyErrors, keyHeaders, writeOnce } from "#http/idempotency";
import { bodyErrors, createRouter, json, jsonBody, problems } from "#http/openapi";
import { pageOf, pageQuery, pageRequestOf, pageToWire } from "#http/pagination";
import { ifMatchHeaders, versioned, withEtag } from "#http/versioned";
import { NewSynonym, SynonymChange, SynonymId, SynonymWire, synonymLimits } from "./synonym-schema.ts";
import { changeSynonym, createSynonym, listSynonyms, readSynonym, removeSynonym } from "./synonyms.ts";

export const synonymRoutes = createRouter();

const tags = ["search"];
const param = z.object({ id: SynonymId });
const versionErrors = ["not_found", "if_match_required", "version_mismatch"] as const;

synonymRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/search/synonyms",
    summary: "Words that buyers use for one another",
    request: {
      query: z.strictObject({
        ...pageQuery,
        word: z
          .string()
          .trim()
          .toLowerCase()
          .max(synonymLimits.wordCharactersMax)
          .optional()
          .openapi({ description: "Only groups in which it stands." }),
      }),
    },
    responses: { 200: json(pageOf(SynonymWire), "A page of the groups."), ...problems("invalid_cursor") },
  }),
  async (request) => {
    const { word, ...query } = request.req.valid("query");
    const page = await listSynonyms(request.var.context, { word, page: pageRequestOf(query) });
    return request.json(
      pageToWire(page, (group) => group),
      200,
    );
  },
);

synonymRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/admin/search/synonyms",
    summary: "Add words that buyers use for one another",
    description: "Searches know them within a moment, and a rebuilt index knows them, too.",
    request: { headers: keyHeaders, body: jsonBody(NewSynonym) },
    responses: {
      201: versioned(SynonymWire, "The new group."),
      ...problems(...bodyErrors, ...keyErrors, "synonyms_full"),
    },
  }),
  async (request) => {
    const input = request.req.valid("json");
    const group = await writeOnce(request, { body: input, status: 201 }, (context) =>
      createSynonym(context, input),
    );
    return request.json(withEtag(request, group), 201);
  },
);

synonymRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/search/synonyms/{id}",
    summary: "A group of synonyms",
    request: { params: param },
    responses: { 200: versioned(SynonymWire, "The group."), ...problems("not_found") },
  }),
  async (request) => {
    const group = await readSynonym(request.var.context, request.req.valid("param").id);
    return request.json(withEtag(request, group), 200);
  },
);

synonymRoutes.openapi(
  describeRoute({
    tags,
    method: "put",
    path: "/admin/search/synonyms/{id}",
    summary: "Replace a group of synonyms",
    request: { params: param, headers: ifMatchHeaders, body: jsonBody(SynonymChange) },
    responses: {
      200: versioned(SynonymWire, "The group as it is now."),
      ...problems(...bodyErrors, ...versionErrors),
    },
  }),
  async (request) => {
    const address = { id: request.req.valid("param").id, version: requiredVersion(request) };
    const group = await changeSynonym(request.var.context, address, request.req.valid("json"));
    return request.json(withEtag(request, group), 200);
  },
);

synonymRoutes.openapi(
  describeRoute({
    tags,
    method: "delete",
    path: "/admin/search/synonyms/{id}",
    summary: "Delete a group of synonyms",
    request: { params: param, headers: ifMatchHeaders },
    responses: { 204: { description: "It is gone" }, ...problems(...versionErrors) },
  }),
  async (request) => {
    const address = { id: request.req.valid("param").id, version: requiredVersion(request) };
    await removeSynonym(request.var.context, address);
    return request.body(null, 204);
  },
);
