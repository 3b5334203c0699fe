import { z } from "zod";
import { publish, type Publication, type PublishOutcome } from "./publish.ts";
import { Refusal } from "./refusal.ts";
import { json, type Call, type Reply, type Route } from "./route.ts";

const BATCH_MESSAGES_MAX = 1000;

const BatchItem = z.object({
  destination: z.string(),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().default(""),
  queue: z.string().optional(),
});
const Batch = z.array(BatchItem).max(BATCH_MESSAGES_MAX);

export const publishRoutes: Route[] = [
  {
    method: "POST",
    path: "/v2/publish/*",
    answer: (context, call) =>
      publishReply(
        publish(context, publicationOf(call, { destination: destinationAfter("/v2/publish/", call) })),
      ),
  },
  {
    method: "POST",
    path: "/v2/enqueue/:queueName/*",
    answer(context, call) {
      const destination = destinationAfter(/^\/v2\/enqueue\/[^/]+\//.exec(call.target)?.[0] ?? "", call);
      const queueName = call.parameter("queueName");
      return publishReply(publish(context, { ...publicationOf(call, { destination }), queueName }));
    },
  },
  {
    method: "POST",
    path: "/v2/batch",
    answer(context, call) {
      const outcomes = parseJson(Batch, call.body).map((item) =>
        publish(context, {
          destination: item.destination,
          headers: lowerCaseNames(item.headers),
          body: Buffer.from(item.body),
          callerIp: call.callerIp,
          queueName: item.queue,
        }),
      );
      return json(200, outcomes.map(wireOutcome));
    },
  },
];

/** Reads a JSON body by its schema; anything else is refused with 400. */
export function parseJson<Schema extends z.ZodType>(schema: Schema, body: Buffer): z.infer<Schema> {
  const result = schema.safeParse(jsonOrUndefined(body));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Refusal(400, `invalid body: ${issue?.path.join(".")} ${issue?.message}`);
}

function jsonOrUndefined(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (fault) {
    if (fault instanceof SyntaxError) return undefined;
    throw fault;
  }
}

/** The destination as the publisher wrote it: a URL with its own slashes and query, or encoded as one segment. */
export function destinationAfter(prefix: string, call: Pick<Call, "target">): string {
  const raw = call.target.slice(prefix.length);
  const decoded = /^https?%3a/i.test(raw) ? decodeURIComponent(raw) : raw;
  // Some proxies on the way fold the two slashes of a URL inside a path into one.
  return decoded.replace(/^(https?:)\/+/i, "$1//");
}

function publicationOf(call: Call, { destination }: { destination: string }): Publication {
  const { headers, body, callerIp } = call;
  return { destination, headers, body, callerIp, queueName: undefined };
}

function publishReply(outcome: PublishOutcome): Reply {
  const first = outcome.kind === "url" ? outcome.published : outcome.published[0];
  return json(first?.deduplicated === true ? 202 : 201, wireOutcome(outcome));
}

function wireOutcome(outcome: PublishOutcome) {
  if (outcome.kind === "url_group") return outcome.published;
  const { messageId, deduplicated } = outcome.published;
  return deduplicated ? { messageId, deduplicated } : { messageId };
}

function lowerCaseNames(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
