import { createMiddleware } from "hono/factory";
import { sha256Hex } from "#core/canonical-json";
import { actorOf } from "#core/principal";
import { toTimestamp } from "#core/time";
import { appendAuditEntry } from "#platform/audit-log";
import { errorFields } from "#platform/log";
import type { AppEnvironment, AppRequest } from "./app-types.ts";

/** A body beyond this is kept as its hash alone. */
const inputCharactersMax = 8_192;

/** Members whose values are personal or secret; the log must be able to outlive the people it touches. */
const withheldMembers =
  /^(email|name|first_name|last_name|phone|line\d|city|postal_code|region|address|shipping_address|billing_address|notes?|password|token|secret|code|key)$|_(email|name|password|token|secret|code|key)$/;

/** Of orders, refunds and returns people also write why, which may be about the buyer. */
const withheldOfOrders = /^reason$/;

/**
 * Writes what is about to be done into the audit log, and afterwards how it was answered. An act that cannot be written
 * down is not done: it may touch objects, queues and providers, which no transaction of ours holds together with the log.
 */
export const audited = createMiddleware<AppEnvironment>(async (request, next) => {
  const { context } = request.var;
  const common = {
    request_id: context.requestId,
    actor: actorOf(context.principal),
    action: `${request.req.method} ${request.req.routePath}`,
  };
  const sequence = await appendAuditEntry(context, {
    kind: "act",
    at: toTimestamp(context.now()),
    ...common,
    subject: request.req.param(),
    ...(await inputOf(request)),
  });
  await next();
  const { status } = request.res;
  await appendAuditEntry(context, {
    kind: "outcome",
    at: toTimestamp(context.now()),
    ...common,
    of: sequence,
    status,
    ...codeOf(request),
  }).catch((error: unknown) =>
    // The act is done and its entry stands; only the word on how it ended is missing.
    context.log("error", "an audited act lacks its outcome", { count: sequence, ...errorFields(error) }),
  );
});

/** The error's code, when the handler threw one that clients see. */
function codeOf(request: AppRequest): { code?: string } {
  const { error } = request;
  return error !== undefined && "code" in error && typeof error.code === "string" ? { code: error.code } : {};
}

async function inputOf(request: AppRequest): Promise<{ input?: unknown; input_sha256?: string }> {
  const isJson = /^application\/([\w.-]+\+)?json\b/.test(request.req.header("content-type") ?? "");
  if (!isJson) return {};
  const text = await request.req.text();
  if (text === "") return {};
  const input =
    text.length > inputCharactersMax ? undefined : withhold(parsedOrText(text), withheldIn(request));
  return { ...(input === undefined ? {} : { input }), input_sha256: await sha256Hex(text) };
}

/** A body that is no JSON is refused later, where bodies are validated; here only its hash counts. */
function parsedOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function withheldIn({ req }: AppRequest): (member: string) => boolean {
  const isOfOrders = /^\/admin\/(orders|returns)\b/.test(req.routePath);
  return (member) => withheldMembers.test(member) || (isOfOrders && withheldOfOrders.test(member));
}

function withhold(value: unknown, isWithheld: (member: string) => boolean): unknown {
  if (Array.isArray(value)) return value.map((each) => withhold(each, isWithheld));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([member, inner]) => [
      member,
      isWithheld(member) ? "[withheld]" : withhold(inner, isWithheld),
    ]),
  );
}
