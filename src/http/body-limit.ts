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
 * limit is ever read. JSON is checked byte by byte, and nothing is built from what is refused. What was read is handed
 * on as it is: another Request around it would be streamed once more.
 */
export const limitBody = createMiddleware<AppEnvironment>(async (request, next) => {
  const declared = request.req.header("content-length");
  if (declared === "0" || isIgnored(request)) return next();
  const { raw } = request.req;
  // Without a declared length there may be no body at all.
  if (declared === undefined && raw.body === null) return next();
  const kind = kindOf(request.req.path);
  const limit = bodyBytesMax[kind];
  const tooLarge = () => new AppError("body_too_large", { detail: `The limit here is ${limit} bytes.` });
  if (Number(declared ?? 0) > limit) throw tooLarge();
  refuseEncoding(request);
  if (kind === "import") {
    request.req.raw = limitStream(raw, limit, tooLarge);
    return next();
  }
  const bytes = declared === undefined ? await readAtMost(raw, limit, tooLarge) : await raw.arrayBuffer();
  if (kind === "json" && bytes.byteLength > 0) {
    const text = textOfJson(new Uint8Array(bytes));
    requireJson(request);
    handOn(request, { text: Promise.resolve(text) });
  } else handOn(request, { arrayBuffer: Promise.resolve(bytes) });
  return next();
});

/** Hono looks here before it reads the request; it keeps promises, whatever its types say. */
function handOn(
  request: AppRequest,
  body: { text: Promise<string> } | { arrayBuffer: Promise<ArrayBuffer> },
) {
  Object.assign(request.req.bodyCache, body);
}

/** Nothing reads the body of a GET, which has no meaning, or of an address that has no route. */
function isIgnored(request: AppRequest): boolean {
  const { method } = request.req;
  return method === "GET" || method === "HEAD" || routeNameOf(request) === undefined;
}

function kindOf(path: string): BodyKind {
  if (path === "/admin/products/import") return "import";
  return path.startsWith("/webhooks/") ? "webhook" : "json";
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

/** @throws AppError malformed_json, or invalid_request for JSON beyond what is taken. */
function textOfJson(bytes: Uint8Array): string {
  const text = textOf(bytes);
  const scanner = new JsonScanner(jsonLimits);
  const fault = scanner.push(bytes) ?? scanner.end();
  if (fault !== undefined) throw refusalOf(fault);
  return text;
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new AppError("malformed_json", { detail: "The body is not UTF-8.", cause });
  }
}

function refusalOf({ kind, byte, line, column, detail }: JsonFault): AppError {
  return new AppError(kind === "malformed" ? "malformed_json" : "invalid_request", {
    detail: `${detail} It is at line ${line}, column ${column}.`,
    members: { position: { byte, line, column } },
  });
}

async function readAtMost(request: Request, limit: number, tooLarge: () => AppError): Promise<ArrayBuffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > limit) throw tooLarge();
    chunks.push(chunk);
  }
  return new Blob(chunks).arrayBuffer();
}

/** The same request, whose body breaks off where the limit is reached. */
function limitStream(request: Request, limit: number, tooLarge: () => AppError): Request {
  let length = 0;
  const limiting = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      length += chunk.length;
      if (length > limit) controller.error(tooLarge());
      else controller.enqueue(chunk);
    },
  });
  const body = request.body?.pipeThrough(limiting) ?? null;
  return new Request(request, { method: request.method, body });
}
