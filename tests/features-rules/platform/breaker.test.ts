import { expect, test } from "vitest";
import { epochMs } from "#core/time";
import { createBreaker } from "#platform/breaker";

const limits = { failuresMax: 3, pauseMs: 1_000 };

function breakerAt(start: number) {
  const breaker = createBreaker(limits);
  let now = start;
  return {
    pass: (ms: number) => (now += ms),
    mayAsk: () => breaker.mayAsk(epochMs(now)),
    fail: (times: number) => {
      for (let time = 0; time < times; time++) breaker.failed(epochMs(now));
    },
    answered: breaker.answered,
  };
}

test("a service is spared after so many failures in a row, and no earlier", () => {
  const breaker = breakerAt(5_000);
  breaker.fail(2);
  breaker.answered();
  breaker.fail(2);
  expect(breaker.mayAsk()).toBe(true);
  breaker.fail(1);
  expect(breaker.mayAsk()).toBe(false);
});

test("after the pause one asker at a time finds out whether it is over", () => {
  const breaker = breakerAt(5_000);
  breaker.fail(3);
  breaker.pass(999);
  expect(breaker.mayAsk()).toBe(false);
  breaker.pass(1);
  expect([breaker.mayAsk(), breaker.mayAsk()]).toEqual([true, false]);
  breaker.pass(500);
  breaker.fail(1);
  breaker.pass(999);
  expect(breaker.mayAsk()).toBe(false);
  breaker.pass(1);
  expect(breaker.mayAsk()).toBe(true);
});

test("one answer ends the sparing", () => {
  const breaker = breakerAt(5_000);
  breaker.fail(10);
  breaker.pass(1_000);
  breaker.mayAsk();
  breaker.answered();
  expect([breaker.mayAsk(), breaker.mayAsk()]).toEqual([true, true]);
});
