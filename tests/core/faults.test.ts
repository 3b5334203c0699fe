import { DrizzleQueryError } from "drizzle-orm";
import { Redis } from "@upstash/redis/cloudflare";
import { expect, test, vi } from "vitest";
import { tellable } from "#core/faults";

test("what is told of a failed query names no value that it was given", () => {
  const cause = new Error('invalid input syntax for type bigint: "jane@example.com"');
  const values = ["jane@example.com", "1 Road\nflat 2\n    at the back", 7];
  const fault = new DrizzleQueryError("insert into users values ($1, $2, $3)", values, cause);
  const { message, stack, cause: told } = tellable(fault);
  expect(message).toBe("Failed query: insert into users values ($1, $2, $3)");
  expect(stack).toContain("faults.test.ts");
  expect(`${message} ${stack} ${String(told)}`).not.toContain("jane@example.com");
});

test("what is told of a command that the cache refused names nothing that was to be kept", async () => {
  const answer = () => Promise.resolve(Response.json({ error: "OOM command not allowed" }, { status: 400 }));
  vi.stubGlobal("fetch", answer);
  const cache = new Redis({ url: "http://127.0.0.1:1", token: "token", retry: false });
  const fault: unknown = await cache
    .set("one-time:x", "a secret, command was: x")
    .catch((error: unknown) => error);
  vi.unstubAllGlobals();
  expect(String(fault)).toContain("a secret");
  const { message, stack } = tellable(fault);
  expect(message).toContain("OOM command not allowed");
  expect(`${message} ${stack}`).not.toContain("a secret");
});

test("other faults are told as they are, and what is no error by its kind alone", () => {
  const fault = new TypeError("fetch failed");
  expect(tellable(fault)).toMatchObject({ name: "TypeError", message: "fetch failed", stack: fault.stack });
  expect(tellable("jane@example.com").message).toBe("thrown: string");
});
