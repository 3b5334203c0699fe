import { RenewedAccess } from "#features/auth/schema";
import { describeRoute } from "#http/describe-route";
import { bodyErrors, createRouter, json, jsonBody, problems } from "#http/openapi";
import { StepUpProof } from "./schema.ts";
import { stepUp } from "./step-up.ts";

export const stepUpRoutes = createRouter();

stepUpRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/auth/step-up",
    tags: ["auth"],
    summary: "Prove again that it is you, for dangerous acts",
    description:
      "Acts that answer `step_up_required` need a proof of the last ten minutes. The new access token carries it as `auth_time` and `amr`; the refresh token stays as it is.",
    request: { body: jsonBody(StepUpProof) },
    responses: {
      200: json(RenewedAccess, "An access token of the same session, freshly proven"),
      ...problems(...bodyErrors, "invalid_credentials", "mfa_required", "passkey_refused", "rate_limited"),
    },
  }),
  async (request) => request.json(await stepUp(request.var.context, request.req.valid("json")), 200),
);
