import { describe, expect, it } from "vitest";
import { eventually, startDestination, startTestQueue, type Answer } from "./queue-setup.ts";

const SOON = 0.0001;

describe("retries", () => {
  it("tries again until the destination answers 2xx, and says how often it has", async () => {
    const { client, stats } = await startTestQueue({ retryDelayScale: SOON });
    const destination = await startDestination((_, earlier) => ({ status: earlier.length < 2 ? 500 : 200 }));
    await client.publish({ url: destination.url, body: "x" });
    await eventually(async () => expect(await stats()).toMatchObject({ delivered_total: 1 }));
    expect(destination.deliveries.map(({ headers }) => headers["upstash-retried"])).toEqual(["0", "1", "2"]);
    const ids = destination.deliveries.map(({ headers }) => headers["upstash-message-id"]);
    expect(new Set(ids).size).toBe(1);
  });

  it("waits for Upstash's backoff and not a second less", async () => {
    const { client, advanceClock, stats } = await startTestQueue();
    const destination = await startDestination(() => ({ status: 503 }));
    const { messageId } = await client.publish({ url: destination.url, retries: 2 });

    await eventually(async () => {
      const [retry, error] = (await client.logs({ messageIds: [messageId] })).logs;
      expect(retry?.state).toBe("RETRY");
      // The wait is reckoned between the two entries.
      expect(retry?.nextDeliveryTime).toBeGreaterThanOrEqual((error?.time ?? Infinity) + 12_182);
      expect(retry?.nextDeliveryTime).toBeLessThanOrEqual((retry?.time ?? 0) + 12_183);
    });

    await advanceClock(13_000);
    await eventually(() => expect(destination.deliveries).toHaveLength(2));
    await advanceClock(149_000);
    await eventually(async () => expect(await stats()).toMatchObject({ dead_letters: 1 }));
  });

  it.each<[string, Answer, number]>([
    ["Retry-After in seconds", { status: 429, headers: { "retry-after": "90" } }, 90_000],
    ["X-RateLimit-Reset as a duration", { status: 429, headers: { "x-ratelimit-reset": "2m" } }, 120_000],
  ])("obeys the destination's %s", async (_, answer, waitMs) => {
    const { client } = await startTestQueue();
    const destination = await startDestination(() => answer);
    const { messageId } = await client.publish({ url: destination.url });
    await eventually(async () => {
      const [retry, error] = (await client.logs({ messageIds: [messageId] })).logs;
      // The wait is reckoned between the two entries.
      expect(retry?.nextDeliveryTime).toBeGreaterThanOrEqual((error?.time ?? Infinity) + waitMs);
      expect(retry?.nextDeliveryTime).toBeLessThanOrEqual((retry?.time ?? 0) + waitMs);
    });
  });

  it("obeys the publisher's own delay expression", async () => {
    const { client, stats } = await startTestQueue();
    const destination = await startDestination(() => ({ status: 500 }));
    await client.publish({ url: destination.url, retries: 2, retryDelay: "10 * (1 + retried)" });
    await eventually(async () => expect(await stats()).toMatchObject({ dead_letters: 1 }));
    expect(destination.deliveries).toHaveLength(3);
  });

  it("counts a redirect as a failure and does not follow it", async () => {
    const { client } = await startTestQueue();
    const elsewhere = await startDestination();
    const destination = await startDestination(() => ({ status: 307, headers: { location: elsewhere.url } }));
    await client.publish({ url: destination.url, retries: 0 });
    const { messages } = await eventually(async () => {
      const list = await client.dlq.listMessages();
      expect(list.messages).toHaveLength(1);
      return list;
    });
    expect(messages[0]?.responseStatus).toBe(307);
    expect(elsewhere.deliveries).toEqual([]);
  });

  it("gives up a delivery that takes longer than its timeout", async () => {
    const { client } = await startTestQueue();
    const never = new Promise<Answer>(() => undefined);
    const destination = await startDestination(() => never);
    await client.publish({ url: destination.url, retries: 0, timeout: "1s" });
    await eventually(async () => {
      const { messages } = await client.dlq.listMessages();
      expect(messages[0]?.responseBody).toBe("no answer within 1000 ms");
    });
  });
});

describe("dead letters", () => {
  it("buries at once what the destination calls non-retryable", async () => {
    const { client } = await startTestQueue();
    const destination = await startDestination(() => ({
      status: 489,
      headers: { "Upstash-NonRetryable-Error": "true" },
      body: "order unknown",
    }));
    const { messageId } = await client.publish({ url: destination.url, body: "x" });
    await eventually(async () => {
      const { messages } = await client.dlq.listMessages();
      expect(messages).toMatchObject([
        { messageId, body: "x", responseStatus: 489, responseBody: "order unknown" },
      ]);
    });
    expect(destination.deliveries).toHaveLength(1);
  });

  it("retries 489 like any error when the header is missing", async () => {
    const { client, stats } = await startTestQueue({ retryDelayScale: SOON });
    const destination = await startDestination((_, earlier) => ({
      status: earlier.length === 0 ? 489 : 200,
    }));
    await client.publish({ url: destination.url });
    await eventually(async () =>
      expect(await stats()).toMatchObject({ delivered_total: 1, dead_letters: 0 }),
    );
  });

  it("delivers a dead letter anew when it is retried, and it is a dead letter no more", async () => {
    const { client, stats } = await startTestQueue();
    let broken = true;
    const destination = await startDestination(() => ({ status: broken ? 500 : 200 }));
    await client.publish({ url: destination.url, body: "precious", retries: 0 });
    const [letter] = await eventually(async () => {
      const { messages } = await client.dlq.listMessages();
      expect(messages).toHaveLength(1);
      return messages;
    });

    broken = false;
    const { responses } = await client.dlq.retry(letter?.dlqId ?? "");
    expect(responses).toHaveLength(1);
    expect(responses[0]?.messageId).not.toBe(letter?.messageId);
    await eventually(async () =>
      expect(await stats()).toMatchObject({ delivered_total: 1, dead_letters: 0 }),
    );
    expect(destination.bodies()).toEqual(["precious", "precious"]);
  });

  it("pages, filters and deletes", async () => {
    const { client, stats } = await startTestQueue();
    const destination = await startDestination(({ path }) => ({ status: path === "/gone" ? 410 : 500 }));
    for (const path of ["/gone", "/1", "/2"]) {
      await client.publish({ url: destination.url + path, retries: 0 });
    }
    await eventually(async () => expect(await stats()).toMatchObject({ dead_letters: 3 }));

    const first = await client.dlq.listMessages({ count: 2 });
    const second = await client.dlq.listMessages({ count: 2, cursor: first.cursor ?? "" });
    expect([first.messages.length, second.messages.length, second.cursor]).toEqual([2, 1, undefined]);
    const gone = await client.dlq.listMessages({ filter: { responseStatus: 410 } });
    expect(gone.messages.map(({ url }) => url)).toEqual([`${destination.url}/gone`]);

    expect(await client.dlq.delete({ filter: { responseStatus: 500 } })).toMatchObject({ deleted: 2 });
    await client.dlq.delete(gone.messages[0]?.dlqId ?? "");
    expect(await stats()).toMatchObject({ dead_letters: 0 });
  });

  it("is retried by a button on the page, where its URL is shown harmlessly", async () => {
    const { client, url, stats } = await startTestQueue();
    const destination = await startDestination((_, earlier) => ({
      status: earlier.length === 0 ? 500 : 200,
    }));
    await client.publish({ url: `${destination.url}/?q=<script>`, retries: 0 });
    const page = await eventually(async () => {
      const html = await (await fetch(url)).text();
      expect(html).toContain("<button>Retry</button>");
      return html;
    });
    expect(page).not.toContain("<script>");

    const [, action = ""] = /action="([^"]+)"/.exec(page) ?? [];
    const answer = await fetch(url + action, { method: "POST", redirect: "manual" });
    expect(answer.status).toBe(303);
    await eventually(async () =>
      expect(await stats()).toMatchObject({ delivered_total: 1, dead_letters: 0 }),
    );
  });
});

describe("callbacks", () => {
  it("tells the callback what the destination answered", async () => {
    const { client } = await startTestQueue();
    const callback = await startDestination();
    const destination = await startDestination(() => ({ status: 201, body: "made" }));
    const { messageId } = await client.publish({
      url: destination.url,
      body: "ask",
      callback: `${callback.url}/done`,
      headers: { "Upstash-Callback-Forward-X-Secret": "s" },
    });
    const [delivery] = await eventually(() => {
      expect(callback.deliveries).toHaveLength(1);
      return callback.deliveries;
    });
    expect(delivery?.headers["x-secret"]).toBe("s");
    expect(JSON.parse(delivery?.body ?? "")).toMatchObject({
      status: 201,
      body: btoa("made"),
      sourceMessageId: messageId,
      sourceBody: btoa("ask"),
      url: destination.url,
      retried: 0,
    });
  });

  it("tells the failure callback once, after the last retry, which dead letter it became", async () => {
    const { client } = await startTestQueue({ retryDelayScale: SOON });
    const callback = await startDestination();
    const destination = await startDestination(() => ({ status: 500 }));
    await client.publish({ url: destination.url, retries: 1, failureCallback: callback.url });
    await eventually(() => expect(callback.deliveries).toHaveLength(1));
    const [letter] = (await client.dlq.listMessages()).messages;
    expect(JSON.parse(callback.bodies()[0] ?? "")).toMatchObject({
      status: 500,
      retried: 1,
      dlqId: letter?.dlqId,
    });
    expect(destination.deliveries).toHaveLength(2);
  });
});
