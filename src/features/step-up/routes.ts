import { createRoute } from "@hono/zod-openapi";
import { RenewedAccess } from "#features/auth/schema";
import { requireRole } from "#http/auth";
import { bearerSecurity, bodyErrors, createRouter, json, jsonBody, problems } from "#http/openapi";
import { StepUpProof } from "./schema.ts";
import { stepUp } from "./step-up.ts";

export const stepUpRoutes = createRouter();

stepUpRoutes.openapi(
  createRoute({
    method: "post",
    path: "/auth/step-up",
    tags: ["auth"],
    summary: "Prove again that it is you, for dangerous acts",
    description:
      "Acts that answer `step_up_required` need a proof of the last ten minutes. The new access token carries it as `auth_time` and `amr`; the refresh token stays as it is.",
    security: bearerSecurity,
    middleware: [requireRole("customer", "admin")] as const,
    request: { body: jsonBody(StepUpProof) },
    responses: {
      200: json(RenewedAccess, "An access token of the same session, freshly proven"),
      ...problems(
        ...bodyErrors,
        "unauthenticated",
        "invalid_token",
        "token_expired",
        "invalid_credentials",
        "mfa_required",
        "rate_limited",
      ),
    },
  }),
  async (request) => request.json(await stepUp(request.var.context, request.req.valid("json")), 200),
);
