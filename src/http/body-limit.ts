import { createMiddleware } from "hono/factory";
import { AppError } from "#core/errors";
import type { AppEnvironment } from "./app-types.ts";

/** Bytes of a JSON body; webhooks carry snapshots of objects and may be larger; imports are streamed files. */
export const bodyBytesMax = { json: 64 * 1024, webhook: 256 * 1024, import: 512 * 1024 * 1024 } as const;

/** Levels of nesting in a JSON body. */
export const jsonDepthMax = 20;

/**
 * Refuses a body over its limit: at once when Content-Length says so, else while it streams, so that no more than the
 * limit is ever read. JSON that nests too deep is refused as well.
 */
export const limitBody = createMiddleware<AppEnvironment>(async (request, next) => {
  const { body } = request.req.raw;
  if (body === null) return next();
  const limit = limitFor(request.req.path);
  const tooLarge = () => new AppError("body_too_large", { detail: `The limit here is ${limit} bytes.` });
  if (Number(request.req.header("content-length") ?? 0) > limit) throw tooLarge();
  if (limit === bodyBytesMax.import) {
    request.req.raw = replaceBody(request.req.raw, body.pipeThrough(limitingStream(limit, tooLarge)));
    return next();
  }
  const bytes = await readWithin(body, limit, tooLarge);
  if (limit === bodyBytesMax.json) refuseDeepJson(bytes);
  request.req.raw = replaceBody(request.req.raw, bytes);
  return next();
});

function replaceBody(original: Request, body: ReadableStream | Uint8Array): Request {
  return new Request(original, { method: original.method, body });
}

function limitFor(path: string): number {
  if (path.endsWith("/admin/products/import")) return bodyBytesMax.import;
  return path.startsWith("/webhooks/") || path.startsWith("/v1/webhooks/")
    ? bodyBytesMax.webhook
    : bodyBytesMax.json;
}

async function readWithin(
  body: ReadableStream,
  limit: number,
  tooLarge: () => AppError,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body.pipeThrough(limitingStream(limit, tooLarge))) {
    chunks.push(chunk);
    length += chunk.length;
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function limitingStream(limit: number, tooLarge: () => AppError): TransformStream<Uint8Array, Uint8Array> {
  let length = 0;
  return new TransformStream({
    transform(chunk, controller) {
      length += chunk.length;
      if (length > limit) controller.error(tooLarge());
      else controller.enqueue(chunk);
    },
  });
}

const openers = new Set([0x5b, 0x7b]);
const closers = new Set([0x5d, 0x7d]);
const quote = 0x22;
const backslash = 0x5c;

function refuseDeepJson(bytes: Uint8Array): void {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0;
    if (byte === backslash && inString) index++;
    else if (byte === quote) inString = !inString;
    else if (!inString && openers.has(byte)) depth++;
    else if (!inString && closers.has(byte)) depth--;
    if (depth > jsonDepthMax)
      throw new AppError("invalid_request", { detail: `JSON may nest ${jsonDepthMax} levels at most.` });
  }
}
