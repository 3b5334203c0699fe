import { Receiver } from "@upstash/qstash";
import { describe, expect, it } from "vitest";
import { eventually, SIGNING_KEYS, startDestination, startTestQueue, TOKEN } from "./queue-setup.ts";

describe("publishing", () => {
  it("delivers the body, the method and the forwarded headers", async () => {
    const { client } = await startTestQueue();
    const destination = await startDestination();

    const { messageId } = await client.publish({
      url: `${destination.url}/jobs/one?part=2&of=3`,
      body: "the body",
      method: "PUT",
      headers: { "Content-Type": "text/plain", "X-Trace": "abc" },
    });

    const [delivery] = await eventually(() => {
      expect(destination.deliveries).toHaveLength(1);
      return destination.deliveries;
    });
    expect(delivery).toMatchObject({ path: "/jobs/one?part=2&of=3", method: "PUT", body: "the body" });
    expect(delivery?.headers).toMatchObject({
      "content-type": "text/plain",
      "x-trace": "abc",
      "upstash-message-id": messageId,
      "upstash-retried": "0",
      "user-agent": "Upstash-QStash",
    });
    expect(delivery?.headers).not.toHaveProperty("authorization");
  });

  it("signs each delivery so that the official receiver accepts it, and nothing else", async () => {
    const { client } = await startTestQueue();
    const destination = await startDestination();
    const url = `${destination.url}/jobs`;
    await client.publishJSON({ url, body: { event: "paid" } });
    const [delivery] = await eventually(() => {
      expect(destination.deliveries).toHaveLength(1);
      return destination.deliveries;
    });

    const receiver = new Receiver({ ...SIGNING_KEYS, devMode: false });
    const signature = String(delivery?.headers["upstash-signature"]);
    const body = delivery?.body ?? "";
    await expect(receiver.verify({ signature, body, url })).resolves.toBe(true);
    await expect(receiver.verify({ signature, body: `${body} `, url })).rejects.toThrow("body hash");
    await expect(receiver.verify({ signature, body, url: `${url}/other` })).rejects.toThrow("subject");
    const stranger = new Receiver({ currentSigningKey: "sig_a", nextSigningKey: "sig_b", devMode: false });
    await expect(stranger.verify({ signature, body, url })).rejects.toThrow();
  });

  it("signs with the next key after a rotation, which the receiver already knows", async () => {
    const { client, url: queueUrl } = await startTestQueue();
    const destination = await startDestination();
    const rotation = await fetch(`${queueUrl}/v2/keys/rotate`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(await rotation.json()).toMatchObject({ current: SIGNING_KEYS.nextSigningKey });

    await client.publishJSON({ url: destination.url, body: 1 });
    await eventually(() => expect(destination.deliveries).toHaveLength(1));
    const [delivery] = destination.deliveries;
    const receiver = new Receiver({ ...SIGNING_KEYS, devMode: false });
    const signature = String(delivery?.headers["upstash-signature"]);
    await expect(receiver.verify({ signature, body: delivery?.body ?? "" })).resolves.toBe(true);
  });

  it("publishes a batch to URLs and named queues at once", async () => {
    const { client } = await startTestQueue();
    const destination = await startDestination();
    const published = await client.batchJSON([
      { url: `${destination.url}/a`, body: { n: 1 } },
      { url: `${destination.url}/b`, body: { n: 2 }, queueName: "orders" },
    ]);
    expect(new Set(published.map(({ messageId }) => messageId)).size).toBe(2);
    await eventually(() =>
      expect(destination.deliveries.map(({ path }) => path).sort()).toEqual(["/a", "/b"]),
    );
  });

  it("publishes none of a batch when one of its messages is refused", async () => {
    const { client, stats } = await startTestQueue();
    await expect(client.batch([{ url: "http://127.0.0.1:9/a" }, { url: "not-a-group" }])).rejects.toThrow(
      "not found",
    );
    expect(await stats()).toMatchObject({ created_total: 0 });
  });

  it("holds a delayed message back until its time has come", async () => {
    const { client, advanceClock } = await startTestQueue();
    const destination = await startDestination();
    await client.publish({ url: destination.url, body: "delayed", delay: "1h" });
    await client.publish({
      url: destination.url,
      body: "not before",
      notBefore: Math.floor(Date.now() / 1000) + 7200,
    });
    await client.publish({ url: destination.url, body: "at once" });
    await eventually(() => expect(destination.bodies()).toEqual(["at once"]));

    await advanceClock(3_600_000);
    await eventually(() => expect(destination.bodies()).toEqual(["at once", "delayed"]));
    await advanceClock(3_600_000);
    await eventually(() => expect(destination.bodies()).toEqual(["at once", "delayed", "not before"]));
  });

  it("delivers once what is published twice under one deduplication id within ten minutes", async () => {
    const { client, advanceClock } = await startTestQueue();
    const destination = await startDestination();
    const request = { url: destination.url, body: "x", deduplicationId: "event-1" };
    const first = await client.publish(request);
    const second = await client.publish(request);
    expect(second).toEqual({ messageId: first.messageId, deduplicated: true });

    await advanceClock(10 * 60_000);
    const later = await client.publish(request);
    expect(later.deduplicated).toBeUndefined();
    await eventually(() => expect(destination.deliveries).toHaveLength(2));
  });

  it("tells contents apart when it deduplicates by content", async () => {
    const { client } = await startTestQueue();
    const publish = (body: string) =>
      client.publish({ url: "http://127.0.0.1:9/", body, contentBasedDeduplication: true, delay: "1h" });
    const first = await publish("same");
    expect(await publish("same")).toMatchObject({ messageId: first.messageId, deduplicated: true });
    expect((await publish("other")).messageId).not.toBe(first.messageId);
  });

  it("sends one message to every endpoint of a URL group", async () => {
    const { client } = await startTestQueue();
    const destination = await startDestination();
    const endpoints = [
      { name: "first", url: `${destination.url}/1` },
      { name: "second", url: `${destination.url}/2` },
    ];
    await client.urlGroups.addEndpoints({ name: "listeners", endpoints });
    const published = await client.publish({ urlGroup: "listeners", body: "news" });
    expect(published.map(({ url }) => url)).toEqual(endpoints.map(({ url }) => url));
    await eventually(() => expect(destination.deliveries).toHaveLength(2));

    await client.urlGroups.removeEndpoints({ name: "listeners", endpoints: [{ name: "first" }] });
    expect((await client.urlGroups.get("listeners")).endpoints).toEqual(endpoints.slice(1));
    await client.urlGroups.delete("listeners");
    await expect(client.publish({ urlGroup: "listeners" })).rejects.toThrow("not found");
  });
});

describe("messages", () => {
  it("shows a waiting message and forgets it once it is cancelled", async () => {
    const { client, stats } = await startTestQueue();
    const { messageId } = await client.publishJSON({
      url: "http://127.0.0.1:9/later",
      body: { n: 1 },
      delay: "1h",
      label: "nightly",
    });
    expect(await client.messages.get(messageId)).toMatchObject({
      messageId,
      url: "http://127.0.0.1:9/later",
      body: '{"n":1}',
      maxRetries: 3,
      labels: ["nightly"],
      header: { "Content-Type": ["application/json"] },
    });
    expect(await client.messages.cancel(messageId)).toEqual({ cancelled: 1 });
    await expect(client.messages.get(messageId)).rejects.toThrow("not found");
    expect(await stats()).toMatchObject({ pending: 0, cancelled_total: 1 });
  });

  it("cancels the messages that a filter names and leaves the others", async () => {
    const { client, stats } = await startTestQueue();
    for (const label of ["a", "b", "b"]) {
      await client.publish({ url: "http://127.0.0.1:9/", delay: "1h", label });
    }
    expect(await client.messages.cancel({ filter: { label: "b" } })).toEqual({ cancelled: 2 });
    expect(await stats()).toMatchObject({ pending: 1 });
  });

  it("keeps the history of each message, newest first", async () => {
    const { client } = await startTestQueue();
    const destination = await startDestination();
    const { messageId } = await client.publish({ url: destination.url, body: "x" });
    await eventually(async () => {
      const { logs } = await client.logs({ messageIds: [messageId] });
      expect(logs.map(({ state }) => state)).toEqual(["DELIVERED", "ACTIVE", "CREATED"]);
    });
    const page = await client.logs({ filter: { messageId }, count: 2 });
    expect(page.logs).toHaveLength(2);
    expect(page.cursor).toBeDefined();
  });
});

describe("refusals", () => {
  it("answers 401 without the token", async () => {
    const { url } = await startTestQueue();
    for (const headers of [{}, { authorization: "Bearer wrong" }]) {
      const answer = await fetch(`${url}/v2/publish/http://127.0.0.1:9/`, { method: "POST", headers });
      expect(answer.status).toBe(401);
    }
  });

  it.each([
    ["Upstash-Delay", "soon"],
    ["Upstash-Retries", "-1"],
    ["Upstash-Retry-Delay", "system(1)"],
    ["Upstash-Callback", "ftp://example.com"],
    ["Upstash-Flow-Control-Value", "speed=9"],
  ])("answers 400 to %s: %s", async (name, value) => {
    const { url } = await startTestQueue();
    const answer = await fetch(`${url}/v2/publish/http://127.0.0.1:9/`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}`, [name]: value },
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(name.toLowerCase());
  });

  it("answers 400 to a destination without a scheme", async () => {
    const { client } = await startTestQueue();
    await expect(client.publish({ url: "example.com/path" })).rejects.toThrow("invalid scheme");
  });
});
