import { createHash, createHmac, createSign } from "node:crypto";
import { createServer } from "node:http";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { currentTime } from "#core/time";
import { createSigningKey } from "#local/paypal/certificate";
import { verifyPaypalEvent } from "#providers/paypal-events";
import { createQueue } from "#providers/queue";
import { createStripe, verifyStripeEvent } from "#providers/stripe";

const seconds = () => Math.floor(Date.now() / 1000);

describe("Stripe's signature", () => {
  const secret = "whsec_of_these_tests";
  const stripe = createStripe({ secretKey: "sk_test_none", webhookSecret: secret, apiUrl: undefined });
  const body = JSON.stringify({ id: "evt_1", object: "event", type: "charge.updated" });
  const verify = ({ at = seconds(), key = secret, sent = body }) => {
    const v1 = createHmac("sha256", key).update(`${at}.${body}`).digest("hex");
    return verifyStripeEvent(stripe, secret, { body: sent, signature: `t=${at},v1=${v1}` });
  };

  test("is good now, and again when the same delivery is repeated at once", async () => {
    expect((await verify({}))?.id).toBe("evt_1");
    expect((await verify({}))?.id).toBe("evt_1");
  });

  test.each([
    ["ten minutes ago", { at: seconds() - 600 }],
    ["ten minutes from now", { at: seconds() + 600 }],
    ["with another key", { key: "whsec_of_somebody_else" }],
    ["over another body", { sent: `${body} ` }],
  ])("is refused when made %s", async (_, made) => {
    expect(await verify(made)).toBeUndefined();
  });

  test("with an old and a new secret's signature side by side, as during a rotation, is good", async () => {
    const at = seconds();
    const sign = (key: string) => createHmac("sha256", key).update(`${at}.${body}`).digest("hex");
    const signature = `t=${at},v1=${sign("whsec_of_yesterday")},v1=${sign(secret)}`;
    expect((await verifyStripeEvent(stripe, secret, { body, signature }))?.id).toBe("evt_1");
  });
});

describe("the queue's signature", () => {
  const path = "/jobs/outbox";
  const publicUrl = "https://shop.example";
  const queue = createQueue({
    url: "http://127.0.0.1:1",
    token: "none",
    currentSigningKey: "sig_current",
    nextSigningKey: "sig_next",
    publicUrl,
  });
  const body = '{"a":1}';
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const sign = (key: string, changes: Record<string, unknown> = {}) => {
    const now = seconds();
    const claims = {
      iss: "Upstash",
      sub: publicUrl + path,
      nbf: now,
      iat: now,
      exp: now + 300,
      body: createHash("sha256").update(body).digest("base64url"),
      ...changes,
    };
    const signed = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
    return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
  };

  test.each(["sig_current", "sig_next"])(
    "with the key %s is good, so that keys can be rotated",
    async (key) => {
      expect(await queue.verify(path, sign(key), body)).toBe(true);
    },
  );

  test.each([
    ["with a key that is neither", sign("sig_old"), body],
    ["that has expired", sign("sig_current", { exp: seconds() - 60 }), body],
    ["that is not yet good", sign("sig_current", { nbf: seconds() + 600 }), body],
    ["of another issuer", sign("sig_current", { iss: "Somebody" }), body],
    ["for another path", sign("sig_current", { sub: `${publicUrl}/jobs/payment-events` }), body],
    ["for another shop", sign("sig_current", { sub: `https://other.example${path}` }), body],
    ["over another body", sign("sig_current"), '{"a":2}'],
    ["that is none", "e30.e30.e30", body],
    ["that names no algorithm", `${encode({ alg: "none" })}.${encode({ iss: "Upstash" })}.`, body],
  ])("%s is refused", async (_, signature, sent) => {
    expect(await queue.verify(path, signature, sent)).toBe(false);
  });
});

describe("PayPal's signature", () => {
  const key = createSigningKey("CERT-OF-THESE-TESTS", "messageverificationcerts.test");
  const forger = createSigningKey("CERT-OF-A-FORGER", "forger");
  const server = createServer((_request, response) => response.end(key.certificatePem));
  let apiUrl = "";
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the server has no port");
    apiUrl = `http://127.0.0.1:${address.port}`;
  });
  afterAll(() => void server.close());

  const body = JSON.stringify({
    id: "WH-1",
    event_type: "PAYMENT.CAPTURE.COMPLETED",
    create_time: "2026-01-01T00:00:00Z",
    resource: { id: "1" },
  });
  const day = 24 * 3600;
  type Made = { agoSeconds?: number; by?: string; sent?: string; webhookId?: string; certificates?: string };
  const verify = ({ agoSeconds = 0, by = key.privateKeyPem, sent = body, ...made }: Made) => {
    const time = new Date(Date.now() - agoSeconds * 1000).toISOString();
    const message = ["transmission", time, made.webhookId ?? "WEBHOOK", crc32(body)].join("|");
    const headers = new Headers({
      "paypal-transmission-id": "transmission",
      "paypal-transmission-time": time,
      "paypal-transmission-sig": createSign("sha256").update(message).sign(by, "base64"),
      "paypal-cert-url": `${made.certificates ?? apiUrl}/v1/notifications/certs/${key.id}`,
      "paypal-auth-algo": "SHA256withRSA",
    });
    return verifyPaypalEvent({ webhookId: "WEBHOOK", apiUrl }, { body: sent, headers }, currentTime());
  };

  test("is good now, and as long as PayPal goes on to deliver", async () => {
    expect((await verify({}))?.id).toBe("WH-1");
    expect((await verify({ agoSeconds: 3 * day }))?.id).toBe("WH-1");
  });

  test.each<[string, Made]>([
    ["a week ago", { agoSeconds: 7 * day }],
    ["an hour from now", { agoSeconds: -3600 }],
    ["with another key", { by: forger.privateKeyPem }],
    ["over another body", { sent: `${body} ` }],
    ["for another webhook", { webhookId: "OTHER" }],
    ["with a certificate from elsewhere", { certificates: "https://evil.example" }],
  ])("is refused when made %s", async (_, made) => {
    expect(await verify(made)).toBeUndefined();
  });
});
