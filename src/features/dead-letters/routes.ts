import { z } from "@hono/zod-openapi";
import { describeRoute } from "#http/describe-route";
import { keyErrors, keyHeaders, writeOnce } from "#http/idempotency";
import { createRouter, json, problems } from "#http/openapi";
import { listDeadLetters, replayDeadLetter } from "./dead-letters.ts";
import { DeadLetterId, DeadLetterWire } from "./schema.ts";

export const deadLetterRoutes = createRouter();

const tags = ["operations"];

deadLetterRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/dead-letters",
    summary: "What keeps failing and waits for a person, oldest first",
    responses: {
      200: json(z.object({ data: z.array(DeadLetterWire) }), "At most 100 of each kind."),
      ...problems(),
    },
  }),
  async (request) => request.json({ data: await listDeadLetters(request.var.context) }, 200),
);

deadLetterRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/admin/dead-letters/{id}/replay",
    summary: "Try it once more",
    request: { params: z.object({ id: DeadLetterId }), headers: keyHeaders },
    responses: {
      202: json(z.object({ replayed: z.literal(true) }), "It is on its way again."),
      ...problems(...keyErrors, "not_found", "payment_outcome_unknown", "conflict"),
    },
  }),
  async (request) => {
    const answer = await writeOnce(request, { status: 202 }, async (context) => {
      await replayDeadLetter(context, request.req.valid("param").id);
      return { replayed: true as const };
    });
    return request.json(answer, 202);
  },
);
