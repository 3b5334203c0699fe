import { roomLimits } from "./messages.ts";
import type { Frame } from "./stream.ts";

const eventStreamLimits = {
  /** Bytes that wait for a reader; one that falls behind further is let go and comes back with its cursor. */
  waitingBytesMax: 256 * 1024,
  /** Pause between comments that show both ends, and everything in between, that the other is there. */
  keepAliveMs: 15_000,
} as const;

/** Server-sent events, for clients that cannot hold a WebSocket. They live in memory and end with the object. */
export type EventStreams = {
  readonly count: () => number;
  readonly open: (frames: readonly Frame[], sessionId: string | undefined) => Response;
  readonly send: (frame: Frame) => void;
  /** Ends the streams of these sessions. */
  readonly end: (sessionIds: readonly string[]) => void;
};

type Reader = { sessionId: string | undefined; send: (text: string) => void; end: () => void };

export function createEventStreams(): EventStreams {
  const readers = new Set<Reader>();
  return {
    count: () => readers.size,
    open: (frames, sessionId) => {
      // A reader that went away is noticed only when a write to it fails, so the newest has precedence.
      const [oldest] = readers;
      if (readers.size >= roomLimits.eventStreamsMax) oldest?.end();
      return new Response(streamTo(readers, sessionId, frames.map(eventText).join("")), {
        headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "private, no-store" },
      });
    },
    send: (frame) => {
      const text = eventText(frame);
      for (const reader of readers) reader.send(text);
    },
    end: (sessionIds) => {
      for (const reader of readers)
        if (reader.sessionId !== undefined && sessionIds.includes(reader.sessionId)) reader.end();
    },
  };
}

function streamTo(
  readers: Set<Reader>,
  sessionId: string | undefined,
  greeting: string,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let leave = () => {};
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const reader: Reader = {
          sessionId,
          send: (text) => {
            controller.enqueue(encoder.encode(text));
            if ((controller.desiredSize ?? 0) < 0) reader.end();
          },
          end: () => {
            leave();
            controller.close();
          },
        };
        const keepAlive = setInterval(() => reader.send(": here\n\n"), eventStreamLimits.keepAliveMs);
        leave = () => {
          clearInterval(keepAlive);
          clearTimeout(lifetime);
          readers.delete(reader);
        };
        const lifetime = setTimeout(() => reader.end(), roomLimits.eventStreamMsMax);
        readers.add(reader);
        controller.enqueue(encoder.encode(greeting));
      },
      cancel: () => leave(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: eventStreamLimits.waitingBytesMax }),
  );
}

/** The message is JSON on one line, so that one `data` field holds it. */
function eventText({ cursor, text }: Frame): string {
  return `id: ${cursor}\ndata: ${text}\n\n`;
}
