import { expect, test } from "vitest";
import { expositionOf } from "#features/operations/exposition";

test("a metric is its help, its type and a line a sample, labels and all", () => {
  const text = expositionOf([
    {
      name: "tradewind_outbox_events",
      help: "Events that wait",
      kind: "gauge",
      samples: [
        { labels: { lane: "prompt" }, value: 0 },
        { labels: { lane: "bulk" }, value: 76_000 },
      ],
    },
    { name: "tradewind_repaired_total", help: "Repairs", kind: "counter", samples: [{ value: 1.5 }] },
  ]);
  expect(text).toBe(
    [
      "# HELP tradewind_outbox_events Events that wait",
      "# TYPE tradewind_outbox_events gauge",
      'tradewind_outbox_events{lane="prompt"} 0',
      'tradewind_outbox_events{lane="bulk"} 76000',
      "# HELP tradewind_repaired_total Repairs",
      "# TYPE tradewind_repaired_total counter",
      "tradewind_repaired_total 1.5",
      "",
    ].join("\n"),
  );
});

test("what would end a line or a label is escaped", () => {
  const samples = [{ labels: { name: 'a "b"\n\\' }, value: 1 }];
  const text = expositionOf([{ name: "tradewind_x", help: "one\ntwo \\", kind: "gauge", samples }]);
  expect(text).toContain("# HELP tradewind_x one\\ntwo \\\\\n");
  expect(text).toContain('tradewind_x{name="a \\"b\\"\\n\\\\"} 1\n');
});

test("what is not known is left out, not told as 0", () => {
  expect(expositionOf([{ name: "tradewind_x", help: "x", kind: "gauge", samples: [] }])).toBe("");
});
