import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createMessageSplitter } from "#local/neon/message-splitter";

const Message = fc.record({
  type: fc.constantFrom("Q", "P", "D", "Z"),
  text: fc.string({ unit: "binary-ascii", maxLength: 12 }),
});

test("messages are found wherever the chunks end", () => {
  fc.assert(
    fc.property(fc.array(Message), fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (sent, chunkBytes) => {
      const found: { type: string; text: string }[] = [];
      const split = createMessageSplitter({
        startsUntyped: true,
        wanted: "QP",
        onMessage: (type, body) => found.push({ type, text: body.toString("latin1") }),
      });
      const stream = Buffer.concat([encode("", "user"), ...sent.map(({ type, text }) => encode(type, text))]);
      let start = 0;
      for (const bytes of chunkBytes) {
        if (start >= stream.length) break;
        split(stream.subarray(start, start + bytes));
        start += bytes;
      }
      expect(found).toEqual(sent.filter(({ type }) => "QP".includes(type)));
    }),
  );
});

test("bytes that are no message do not stop the splitter", () => {
  const split = createMessageSplitter({ startsUntyped: false, wanted: "Z", onMessage: () => {} });
  expect(() => split(Buffer.from("D\xff\xff\xff\xffD\0\0\0\0Z\x80\0\0\0", "latin1"))).not.toThrow();
});

function encode(type: string, text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + text.length);
  return Buffer.concat([Buffer.from(type), length, Buffer.from(text, "latin1")]);
}
