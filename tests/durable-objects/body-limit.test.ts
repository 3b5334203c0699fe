import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { bodyBytesMax } from "#http/body-limit";
import { createApp } from "../../src/app.ts";

const chunkBytes = 4096;

/** A body without an announced length, and how much of it was asked for. */
function endlessBody() {
  const asked = { bytes: 0 };
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      asked.bytes += chunkBytes;
      controller.enqueue(new Uint8Array(chunkBytes).fill(32));
    },
  });
  return { asked, body };
}

const app = createApp(() => Promise.resolve());

async function post(path: string, body: ReadableStream, headers: Record<string, string>): Promise<Response> {
  const executionContext = createExecutionContext();
  const response = await app.request(path, { method: "POST", headers, body }, env, executionContext);
  await waitOnExecutionContext(executionContext);
  return response;
}

test.each([
  ["/cart", bodyBytesMax.json],
  ["/v1/orders", bodyBytesMax.json],
  ["/webhooks/stripe", bodyBytesMax.webhook],
])("a body to %s is refused while it streams, hardly a chunk past its limit", async (path, bytesMax) => {
  const { asked, body } = endlessBody();
  const response = await post(path, body, {
    "content-type": "application/json",
    "stripe-signature": "t=1,v1=00",
  });
  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({ code: "body_too_large" });
  expect(asked.bytes).toBeLessThan(bytesMax + 4 * chunkBytes);
});
