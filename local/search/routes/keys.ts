import { z } from "zod";
import { MeilisearchError } from "../meilisearch-error.ts";
import { parseParameters } from "../search-parameters.ts";
import { type Call, jsonBody, ok, pagingOf, type Route } from "./route.ts";

const ExpiresAt = z
  .string()
  .refine((text) => Date.parse(text) > Date.now(), "must be a date in the future")
  .transform((text) => new Date(text).toISOString())
  .nullable();

const NewKey = z.strictObject({
  uid: z.uuid().optional(),
  name: z.string().nullable().optional(),
  description: z.string().nullable().optional(),
  actions: z.array(z.string()),
  indexes: z.array(z.string()),
  expiresAt: ExpiresAt,
});

const KeyChange = z.object({
  name: z.string().nullable().optional(),
  description: z.string().nullable().optional(),
});
const RENAMEABLE = Object.keys(KeyChange.shape);

export const keyRoutes: Route[] = [
  {
    method: "GET",
    path: "/keys",
    action: "keys.get",
    handle: ({ query }, { keys }) => {
      const { offset, limit } = pagingOf(Object.fromEntries(query), "api_key");
      const all = keys.list();
      return ok({ results: all.slice(offset, offset + limit), offset, limit, total: all.length });
    },
  },
  {
    method: "GET",
    path: "/keys/:key",
    action: "keys.get",
    handle: ({ parameter }, { keys }) => ok(keys.get(parameter("key"))),
  },
  {
    method: "POST",
    path: "/keys",
    action: "keys.create",
    handle: (call, { keys }) => {
      const { uid, name, description, ...rest } = parseParameters(NewKey, jsonBody(call), "api_key");
      const key = keys.create({
        ...rest,
        ...(uid !== undefined && { uid }),
        ...(name !== undefined && { name }),
        ...(description !== undefined && { description }),
      });
      return { status: 201, body: key };
    },
  },
  {
    method: "PATCH",
    path: "/keys/:key",
    action: "keys.update",
    handle: (call, { keys }) => {
      const { name, description } = parseParameters(KeyChange, renamingOf(call), "api_key");
      return ok(
        keys.rename(call.parameter("key"), {
          ...(name !== undefined && { name }),
          ...(description !== undefined && { description }),
        }),
      );
    },
  },
  {
    method: "DELETE",
    path: "/keys/:key",
    action: "keys.delete",
    handle: ({ parameter }, { keys }) => {
      keys.remove(parameter("key"));
      return { status: 204 };
    },
  },
];

function renamingOf(call: Call): unknown {
  const body = z.record(z.string(), z.unknown()).safeParse(jsonBody(call));
  const fixed = Object.keys(body.data ?? {}).find((name) => !RENAMEABLE.includes(name));
  if (fixed === undefined) return body.data;
  const snake = fixed.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  throw new MeilisearchError(
    `immutable_api_key_${snake}`,
    `Immutable field \`${fixed}\`: expected one of \`description\`, \`name\``,
  );
}
