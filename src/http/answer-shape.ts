import type { AnswerShape } from "#platform/ready-answers";
import { freshnessOf } from "./conditional.ts";

/** Headers that belong to one request, or to one answer among its like. */
const ownOfEach = ["etag", "request-id", "ratelimit-policy", "ratelimit"];

/** Answers of a few routes to the pages of a few origins: many more than there can be of them. */
const shapesMax = 200;

const shapes = new Map<string, AnswerShape>();

/** What an answer has in common with its like; undefined of one that promises no freshness to everybody. */
export function shapeOf(given: Headers): AnswerShape | undefined {
  const freshness = freshnessOf(given.get("cache-control") ?? "");
  if (freshness === undefined || given.has("set-cookie")) return undefined;
  const headers = new Headers(given);
  for (const name of ownOfEach) headers.delete(name);
  // An answer that is kept ready asks nothing of anybody.
  const costs = headers.get("server-timing");
  if (costs !== null) headers.set("Server-Timing", costs.replaceAll(/"\d+"/g, '"0"'));
  const text = JSON.stringify([...headers]);
  const known = shapes.get(text);
  if (known !== undefined) return known;
  const headersUnchanged = new Headers(headers);
  headersUnchanged.delete("content-type");
  const made = { headers, headersUnchanged, freshness };
  if (shapes.size >= shapesMax) shapes.clear();
  shapes.set(text, made);
  return made;
}
