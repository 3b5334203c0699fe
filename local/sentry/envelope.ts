import { z } from "zod";

import { parseJson } from "../http-server.ts";

const NEW_LINE = 10;
/** Sentry itself takes at most 100 items in an envelope. */
const ITEMS_MAX = 100;

const EnvelopeHeader = z.looseObject({ event_id: z.string().optional(), dsn: z.string().optional() });
const ItemHeader = z.looseObject({ type: z.string(), length: z.int().nonnegative().optional() });

export type Envelope = {
  header: z.infer<typeof EnvelopeHeader>;
  items: { type: string; payload: Buffer }[];
};

/**
 * Reads Sentry's envelope: a line of JSON about the whole, then for each item a line about it and its payload, which
 * ends after the announced length or, where none is announced, with its line. Undefined where the bytes are none.
 */
export function parseEnvelope(bytes: Buffer): Envelope | undefined {
  const first = takeLine(bytes, 0);
  const header = EnvelopeHeader.safeParse(parseJson(first.line));
  if (!header.success) return undefined;
  const items: Envelope["items"] = [];
  let start = first.end;
  while (start < bytes.length) {
    const about = takeLine(bytes, start);
    start = about.end;
    if (about.line.length === 0) continue;
    const itemHeader = ItemHeader.safeParse(parseJson(about.line));
    if (!itemHeader.success || items.length === ITEMS_MAX) return undefined;
    const { type, length } = itemHeader.data;
    const payload = length === undefined ? takeLine(bytes, start) : takeBytes(bytes, start, length);
    if (payload === undefined) return undefined;
    items.push({ type, payload: payload.line });
    start = payload.end;
  }
  return { header: header.data, items };
}

function takeLine(bytes: Buffer, start: number): { line: Buffer; end: number } {
  const newLine = bytes.indexOf(NEW_LINE, start);
  const end = newLine < 0 ? bytes.length : newLine;
  return { line: bytes.subarray(start, end), end: end + 1 };
}

function takeBytes(bytes: Buffer, start: number, length: number): { line: Buffer; end: number } | undefined {
  const end = start + length;
  return end > bytes.length ? undefined : { line: bytes.subarray(start, end), end: end + 1 };
}
