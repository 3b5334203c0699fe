import { createHash } from "node:crypto";
import { recordEvent } from "./history.ts";
import { newIdentifier } from "./identifier.ts";
import type { HeaderMap, Message } from "./message.ts";
import { parsePublishHeaders, type PublishInstructions } from "./publish-headers.ts";
import type { QueueContext } from "./queue-context.ts";
import { Refusal } from "./refusal.ts";
import type { Endpoint } from "./url-group-store.ts";

export type Publication = {
  /** An http(s) URL or the name of a URL group. */
  destination: string;
  headers: HeaderMap;
  body: Uint8Array;
  callerIp: string;
  queueName: string | undefined;
  scheduleId?: string;
};

type Published = { messageId: string; url: string; deduplicated: boolean };

export type PublishOutcome =
  | { kind: "url"; published: Published }
  | { kind: "url_group"; published: Published[] };

type Target = { kind: "url"; url: string } | { kind: "url_group"; name: string; endpoints: Endpoint[] };

const NAME = /^[A-Za-z0-9._-]+$/;
const HTTP_URL = /^https?:\/\//i;

/** Stores one message per endpoint of the destination. Runs inside the caller's transaction. */
export function publish(context: QueueContext, publication: Publication): PublishOutcome {
  const target = resolveTarget(context, publication.destination);
  const now = context.clock.now();
  const instructions = parsePublishHeaders(publication.headers, { callerIp: publication.callerIp, now });
  if (publication.queueName !== undefined) {
    checkName(publication.queueName, "queue name");
    context.store.queues.ensure(publication.queueName, now);
  }
  if (instructions.settings.flowControl) context.store.flowControls.follow(instructions.settings.flowControl);

  const publishTo = (endpoint: Endpoint) =>
    publishOnce(context, publication, {
      ...instructions,
      endpoint,
      topicName: target.kind === "url_group" ? target.name : undefined,
    });
  return target.kind === "url"
    ? { kind: "url", published: publishTo({ url: target.url }) }
    : { kind: "url_group", published: target.endpoints.map(publishTo) };
}

export function checkName(name: string, what: string): void {
  if (NAME.test(name)) return;
  throw new Refusal(
    400,
    `${what} can only contain alphanumeric characters, hyphens, periods, and underscores`,
  );
}

/** Throws a refusal if a message could not be published there. */
export function resolveTarget({ store }: QueueContext, destination: string): Target {
  if (HTTP_URL.test(destination)) {
    if (!URL.canParse(destination)) throw new Refusal(400, `invalid destination url: ${destination}`);
    return { kind: "url", url: destination };
  }
  if (!NAME.test(destination) || destination.includes(".")) {
    throw new Refusal(
      400,
      `invalid destination url: endpoint has invalid scheme, add http:// or https:// in front of ${destination}`,
    );
  }
  const group = store.urlGroups.find(destination);
  if (!group) throw new Refusal(404, `topic ${destination} not found`);
  return { kind: "url_group", name: group.name, endpoints: group.endpoints };
}

type Copy = PublishInstructions & { endpoint: Endpoint; topicName: string | undefined };

function publishOnce(context: QueueContext, publication: Publication, copy: Copy): Published {
  const { store, clock } = context;
  const { url, name: endpointName } = copy.endpoint;
  const now = clock.now();
  const messageId = newIdentifier("msg_");

  const key = deduplicationKey(publication, copy);
  if (key !== undefined) {
    const first = store.deduplications.find(key, now);
    if (first !== undefined) return { messageId: first, url, deduplicated: true };
    store.deduplications.remember(key, messageId, now);
  }

  const message: Message = {
    messageId,
    url,
    state: "pending",
    dueAt: copy.notBefore,
    retried: 0,
    queueName: publication.queueName,
    createdAt: now,
    notBefore: copy.notBefore,
    settings: copy.settings,
    provenance: { topicName: copy.topicName, endpointName, scheduleId: publication.scheduleId },
    body: publication.body,
  };
  store.messages.insert(message);
  recordEvent(context, message, { state: "CREATED" });
  return { messageId, url, deduplicated: false };
}

function deduplicationKey(publication: Publication, copy: Copy): string | undefined {
  const { deduplication, endpoint, settings } = copy;
  if (deduplication.by === "nothing") return undefined;
  const scope = [publication.destination, endpoint.url, deduplication.by];
  if (deduplication.by === "id") return JSON.stringify([...scope, deduplication.id]);
  const contentHash = createHash("sha256").update(publication.body).digest("hex");
  return JSON.stringify([...scope, settings.header, contentHash]);
}
