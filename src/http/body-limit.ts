import { createMiddleware } from "hono/factory";
import { AppError } from "#core/errors";
import { type JsonFault, type JsonLimits, JsonScanner } from "#core/json-scanner";
import type { AppEnvironment, AppRequest } from "./app-types.ts";
import { routeNameOf } from "./route-costs.ts";

/** Bytes of a JSON body; webhooks carry snapshots of objects and may be larger; imports are streamed files. */
export const bodyBytesMax = { json: 64 * 1024, webhook: 256 * 1024, import: 512 * 1024 * 1024 } as const;

/** What a JSON body may hold, counted while it arrives. The limits of single fields, in the description, are lower. */
export const jsonLimits: JsonLimits = {
  depthMax: 20,
  keysMax: 2_000,
  keyCharactersMax: 256,
  stringCharactersMax: 60_000,
  arrayItemsMax: 1_000,
  numberCharactersMax: 64,
};

/** How a body is read: a file as it comes, a signed message as it is, and everything else as JSON. */
type BodyKind = keyof typeof bodyBytesMax;

/**
 * Refuses a body over its limits: at once when Content-Length says so, else while it streams, so that no more than the
 * limit is ever read. JSON is checked byte by byte on its way, and nothing is built from what is refused.
 */
export const limitBody = createMiddleware<AppEnvironment>(async (request, next) => {
  const { body } = request.req.raw;
  if (body === null || request.req.header("content-length") === "0" || isIgnored(request)) return next();
  const kind = kindOf(request.req.path);
  const limit = bodyBytesMax[kind];
  const tooLarge = () => new AppError("body_too_large", { detail: `The limit here is ${limit} bytes.` });
  if (Number(request.req.header("content-length") ?? 0) > limit) throw tooLarge();
  refuseEncoding(request);
  const limited = body.pipeThrough(limitingStream(limit, tooLarge));
  if (kind === "import") {
    request.req.raw = replaceBody(request.req.raw, limited);
    return next();
  }
  const inspect = kind === "json" ? createInspection() : undefined;
  const bytes = await readAll(limited, inspect);
  if (bytes.length > 0 && kind === "json") requireJson(request);
  request.req.raw = replaceBody(request.req.raw, bytes);
  return next();
});

/** Nothing reads the body of a GET, which has no meaning, or of an address that has no route. */
function isIgnored(request: AppRequest): boolean {
  const { method } = request.req;
  return method === "GET" || method === "HEAD" || routeNameOf(request) === undefined;
}

function kindOf(path: string): BodyKind {
  if (path === "/admin/products/import") return "import";
  return path.startsWith("/webhooks/") ? "webhook" : "json";
}

function replaceBody(original: Request, body: ReadableStream | Uint8Array): Request {
  return new Request(original, { method: original.method, body });
}

/** A compressed body could unpack to any size; none is taken. */
function refuseEncoding(request: AppRequest): void {
  const encoding = request.req.header("content-encoding");
  if (encoding !== undefined && encoding.trim().toLowerCase() !== "identity")
    throw new AppError("unsupported_media_type", { detail: "Send the body without a Content-Encoding." });
}

const jsonMediaType = /^application\/(?:json|[\w.+-]+\+json)$/;

/** A page of another origin may send a form or plain text without asking; JSON it may not, and JSON is UTF-8. */
function requireJson(request: AppRequest): void {
  const [mediaType = "", ...parameters] = (request.req.header("content-type") ?? "").toLowerCase().split(";");
  if (!jsonMediaType.test(mediaType.trim()))
    throw new AppError("unsupported_media_type", { detail: "Send Content-Type: application/json." });
  const charset = parameters.map((parameter) => parameter.trim()).find((text) => text.startsWith("charset="));
  const isUtf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  if (!isUtf8) throw new AppError("unsupported_media_type", { detail: "JSON is sent in UTF-8." });
}

/** Looks at each piece of a body as it arrives, and at its end. */
type Inspection = { look: (chunk: Uint8Array) => void; end: () => void };

function createInspection(): Inspection {
  const scanner = new JsonScanner(jsonLimits);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const decode = (chunk: Uint8Array | undefined) => {
    try {
      decoder.decode(chunk, { stream: chunk !== undefined });
    } catch (cause) {
      throw new AppError("malformed_json", { detail: "The body is not UTF-8.", cause });
    }
  };
  const refuse = (fault: JsonFault | undefined) => {
    if (fault !== undefined) throw refusalOf(fault);
  };
  return {
    look: (chunk) => {
      decode(chunk);
      refuse(scanner.push(chunk));
    },
    end: () => {
      decode(undefined);
      refuse(scanner.end());
    },
  };
}

function refusalOf({ kind, byte, line, column, detail }: JsonFault): AppError {
  return new AppError(kind === "malformed" ? "malformed_json" : "invalid_request", {
    detail: `${detail} It is at line ${line}, column ${column}.`,
    members: { position: { byte, line, column } },
  });
}

async function readAll(
  body: ReadableStream<Uint8Array>,
  inspection: Inspection | undefined,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    inspection?.look(chunk);
    chunks.push(chunk);
    length += chunk.length;
  }
  if (length > 0) inspection?.end();
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
