import { z } from "@hono/zod-openapi";
import type { AppRequest } from "./app-types.ts";
import { versionEtag } from "./conditional.ts";
import { ifMatchHeader, json } from "./openapi.ts";

/** Header of a change that is made to the version that was read. */
export const ifMatchHeaders = z.object({ "if-match": ifMatchHeader });

export const mergePatch = "application/merge-patch+json";

/** The body of a change in a route's description: a JSON merge patch (RFC 7396). */
export function mergePatchBody<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { [mergePatch]: { schema } } } as const;
}

/** An answer with its version in a route's description. */
export function versioned<Schema extends z.ZodType>(schema: Schema, description: string) {
  return {
    ...json(schema, description),
    headers: { ETag: { schema: { type: "string" as const }, description: "Send it as If-Match." } },
  };
}

/** The body as it is; its version goes out as ETag. */
export function withEtag<Body extends { version: number }>(request: AppRequest, body: Body): Body {
  request.header("ETag", versionEtag(body.version));
  return body;
}
