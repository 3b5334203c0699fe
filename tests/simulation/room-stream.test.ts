import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type EpochMs, epochMs } from "#core/time";
import { ServerMessage } from "#durable-objects/rooms/messages";
import {
  type Frame,
  type Publication,
  type StoredFrame,
  type StreamView,
  append,
  greet,
  streamLimits,
} from "#durable-objects/rooms/stream";

/** A room's memory as an array. */
class MemoryStream implements StreamView {
  readonly epoch = "epoch";
  head = 0;
  kept: StoredFrame[] = [];

  sequenceOf = (eventId: string) => this.kept.find((frame) => frame.eventId === eventId)?.sequence;
  framesAfter = (after: number) => this.kept.filter(({ sequence }) => sequence > after);

  publish(eventId: string, now: EpochMs): Frame | undefined {
    const { added } = append(this, publication(eventId), now);
    if (added === undefined) return undefined;
    const { stored, frame, trim } = added;
    this.head = stored.sequence;
    this.kept = [...this.kept, stored].filter(
      ({ sequence, keptAt }) => sequence > trim.throughSequence && keptAt >= trim.keptBefore,
    );
    return frame;
  }
}

function publication(eventId: string): Publication {
  const data = { order_id: "ord_1", sequence: 1, status: eventId };
  return { eventId, type: "order.paid", data, at: "2026-11-22T12:00:00.000Z" };
}

/** A client as the description of the API tells it to be: it keeps the last cursor, and reads again after a reset. */
class Client {
  cursor: string | undefined;
  online = false;
  readonly known: string[] = [];

  /** @param breaksAfter frames of the greeting arrive before the connection is lost. */
  connect(stream: StreamView, published: readonly string[], breaksAfter: number): void {
    const frames = greet(stream, this.cursor);
    this.online = breaksAfter >= frames.length;
    const readAgain = this.cursor === undefined ? published : [];
    if (breaksAfter > 0) this.known.push(...readAgain);
    for (const frame of frames.slice(0, breaksAfter)) this.hear(frame, published);
  }

  hear({ cursor, text }: Frame, published: readonly string[]): void {
    this.cursor = cursor;
    const message = ServerMessage.parse(JSON.parse(text));
    if ("data" in message) this.known.push(message.data.status);
    if (message.type === "reset") this.known.splice(0, Infinity, ...published);
  }
}

const Command = fc.oneof(
  fc.record({ do: fc.constant("publish" as const), times: fc.integer({ min: 1, max: 90 }) }),
  fc.record({ do: fc.constant("repeat" as const), back: fc.nat({ max: 20 }) }),
  fc.record({
    do: fc.constant("connect" as const),
    client: fc.nat({ max: 2 }),
    breaksAfter: fc.oneof(fc.nat({ max: 3 }), fc.constant(Infinity)),
  }),
  fc.record({ do: fc.constant("lose" as const), client: fc.nat({ max: 2 }) }),
  fc.record({ do: fc.constant("wait" as const), ms: fc.nat({ max: streamLimits.ageMsMax }) }),
);

test("whatever breaks, a client that goes on by its last cursor knows every event once and in order", () => {
  fc.assert(
    fc.property(fc.array(Command, { minLength: 10, maxLength: 80, size: "max" }), (commands) => {
      const stream = new MemoryStream();
      const clients = [new Client(), new Client(), new Client()];
      const published: string[] = [];
      let now = epochMs(1_000_000_000_000);
      const tell = (eventId: string) => {
        const frame = stream.publish(eventId, now);
        if (frame === undefined) return;
        published.push(eventId);
        for (const client of clients) if (client.online) client.hear(frame, published);
      };
      for (const command of commands) {
        if (command.do === "wait") now = epochMs(now + command.ms);
        if (command.do === "publish")
          for (let count = 0; count < command.times; count++) tell(`e${published.length + 1}`);
        if (command.do === "repeat") {
          const known = stream.kept.at(-1 - command.back);
          if (known) expect(stream.publish(known.eventId, now)).toBeUndefined();
        }
        const client = "client" in command ? clients[command.client] : undefined;
        if (client && command.do === "lose") client.online = false;
        if (client && command.do === "connect") client.connect(stream, published, command.breaksAfter);
        for (const { online, known } of clients) if (online) expect(known).toEqual(published);
      }
      expect(stream.kept.length).toBeLessThanOrEqual(streamLimits.messagesMax);
    }),
    { numRuns: 200 },
  );
});
