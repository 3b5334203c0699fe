import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createApp } from "../../src/app.ts";

type Env = typeof env;

const app = createApp(() => Promise.resolve());

/** Asks the whole app inside workerd; what stands behind it is not there, only its Durable Objects are. */
export async function askApp(path: string, init: RequestInit = {}, bindings: Env = env): Promise<Response> {
  const executionContext = createExecutionContext();
  const response = await app.request(path, init, bindings, executionContext);
  await waitOnExecutionContext(executionContext);
  return response;
}

/** Other settings; what an isolate remembers belongs to the object that this gives. */
export function bindingsWith(settings: Record<string, unknown>): Env {
  return { ...env, ...settings };
}
