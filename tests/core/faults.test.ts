import { DrizzleQueryError } from "drizzle-orm";
import { expect, test } from "vitest";
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

test("other faults are told as they are, and what is no error by its kind alone", () => {
  const fault = new TypeError("fetch failed");
  expect(tellable(fault)).toMatchObject({ name: "TypeError", message: "fetch failed", stack: fault.stack });
  expect(tellable("jane@example.com").message).toBe("thrown: string");
});
