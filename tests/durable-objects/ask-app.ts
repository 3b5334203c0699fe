import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createApp } from "../../src/app.ts";

const app = createApp(() => Promise.resolve());

/** Asks the whole app inside workerd; what stands behind it is not there, only its Durable Objects are. */
export async function askApp(
  path: string,
  init: RequestInit = {},
  settings: Record<string, unknown> = {},
): Promise<Response> {
  const executionContext = createExecutionContext();
  const response = await app.request(path, init, { ...env, ...settings }, executionContext);
  await waitOnExecutionContext(executionContext);
  return response;
}
