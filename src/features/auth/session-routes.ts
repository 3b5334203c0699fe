import { z } from "@hono/zod-openapi";
import { describeRoute } from "#http/describe-route";
import { createRouter, json, problems } from "#http/openapi";
import { endSession, endSessions } from "./end-sessions.ts";
import { listSessions } from "./list-sessions.ts";
import { authLimits } from "./rules.ts";
import { SessionId, SessionList, SessionsQuery } from "./schema.ts";

/** Where an account is signed in. */
export const deviceRoutes = createRouter();

const tags = ["auth"];
const whatEnds =
  "Its refresh token is dead at once and its live connections are closed. Its access token opens neither the account nor anything of the staff any more; carts and orders it opens until it expires, within ten minutes.";

deviceRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/auth/sessions",
    tags,
    summary: "Where the account is signed in",
    description: `At most ${authLimits.sessionsPerUserMax}; the next login ends the one unused for longest.`,
    responses: { 200: json(SessionList, "The sessions, the one used last first"), ...problems() },
  }),
  async (request) => request.json(await listSessions(request.var.context), 200),
);

deviceRoutes.openapi(
  describeRoute({
    method: "delete",
    path: "/auth/sessions",
    tags,
    summary: "Sign out everywhere else, or everywhere",
    description: whatEnds,
    request: { query: SessionsQuery },
    responses: { 204: { description: "The sessions have ended" }, ...problems() },
  }),
  async (request) => {
    await endSessions(request.var.context, request.req.valid("query").scope);
    return request.body(null, 204);
  },
);

deviceRoutes.openapi(
  describeRoute({
    method: "delete",
    path: "/auth/sessions/{id}",
    tags,
    summary: "Sign out one device",
    description: whatEnds,
    request: { params: z.strictObject({ id: SessionId }) },
    responses: { 204: { description: "The session has ended" }, ...problems("not_found") },
  }),
  async (request) => {
    await endSession(request.var.context, request.req.valid("param").id);
    return request.body(null, 204);
  },
);
