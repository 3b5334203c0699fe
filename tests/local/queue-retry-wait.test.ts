import { describe, expect, it } from "vitest";
import { parseDurationMs } from "#local/queue/duration";
import { evaluateRetryExpression } from "#local/queue/retry-expression";
import { exponentialBackoffMs, retryWaitMs } from "#local/queue/retry-wait";

describe("the wait before a retry", () => {
  it("grows as Upstash documents it, up to a day", () => {
    const seconds = [1, 2, 3, 4, 5, 6].map((retry) => Math.round(exponentialBackoffMs(retry) / 1000));
    expect(seconds).toEqual([12, 148, 1808, 22_026, 86_400, 86_400]);
  });

  it("is the destination's, before the publisher's, before the backoff", () => {
    const attempt = { retried: 1, retryDelayExpression: "100 * (1 + retried)", now: 0 };
    const answerHeaders = new Headers({ "retry-after": "3" });
    expect(retryWaitMs({ ...attempt, answerHeaders })).toBe(3000);
    expect(retryWaitMs({ ...attempt, answerHeaders: undefined })).toBe(200);
    expect(retryWaitMs({ ...attempt, retryDelayExpression: undefined, answerHeaders: undefined })).toBe(
      exponentialBackoffMs(2),
    );
  });

  it("reads Retry-After as a date, and ignores one it cannot read or that is more than a day off", () => {
    const now = Date.parse("2026-01-01T00:00:00Z");
    const waitFor = (value: string) =>
      retryWaitMs({
        retried: 0,
        retryDelayExpression: undefined,
        answerHeaders: new Headers({ "retry-after": value }),
        now,
      });
    expect(waitFor("Thu, 01 Jan 2026 00:01:00 GMT")).toBe(60_000);
    expect(waitFor("soonish")).toBe(exponentialBackoffMs(1));
    expect(waitFor("90000")).toBe(exponentialBackoffMs(1));
  });
});

describe("a retry delay expression", () => {
  it.each([
    ["1000", 0, 1000],
    ["1000 * (1 + retried)", 2, 3000],
    ["pow(2, retried) * 1000", 3, 8000],
    ["max(1000, pow(2, retried) * 100)", 1, 1000],
    ["10 - 2 - 3", 0, 5],
    ["-2 + floor(7 / 2)", 0, 1],
  ])("%s with %d retries made is %d", (source, retried, expected) => {
    expect(evaluateRetryExpression(source, retried)).toBe(expected);
  });

  it.each(["", "1 +", "(1", "1)", "pow(2)", "process", "1; 2", "1 2", "max(1,2", "constructor(1)"])(
    "is refused when it is %j",
    (source) => {
      expect(() => evaluateRetryExpression(source, 0)).toThrow("invalid retry delay expression");
    },
  );
});

describe("a duration", () => {
  it.each([
    ["90", 90_000],
    ["1d10h30m", 124_200_000],
    ["1.5s", 1500],
    ["200ms", 200],
  ])("%s is %d ms", (text, expected) => {
    expect(parseDurationMs(text)).toBe(expected);
  });

  it.each(["", "s", "5x", "1h-", "1h 5m"])("is not %j", (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });
});
