import { type EpochMs, dayMs, epochMs } from "#core/time";
import { type KeptMessage, type ServerMessage, roomLimits } from "./messages.ts";

/** What a room keeps for those who come back. */
export const streamLimits = {
  messagesMax: 200,
  ageMsMax: dayMs,
} as const;

type WithoutCursor<Message> = Message extends unknown ? Omit<Message, "cursor"> : never;

/** A message on its way into a room. Events are delivered at least once: the same event is one message. */
export type Publication = WithoutCursor<KeptMessage> & { eventId: string };

/** A message as it goes over the wire, with the cursor that a client holds once it has it. */
export type Frame = { readonly cursor: string; readonly text: string };

export type StoredFrame = {
  readonly sequence: number;
  readonly eventId: string;
  readonly text: string;
  readonly keptAt: EpochMs;
};

/** The stream as a decision sees it. Sequences are gapless, and what is kept are always the latest. */
export type StreamView = {
  /** Another one whenever the room has forgotten everything: positions of two epochs cannot be compared. */
  readonly epoch: string;
  /** Sequence of the latest message ever; 0 before the first. */
  readonly head: number;
  readonly sequenceOf: (eventId: string) => number | undefined;
  readonly framesAfter: (sequence: number) => readonly StoredFrame[];
};

/** What to forget: everything up to this sequence, and what was kept before this time. */
export type Trim = { readonly throughSequence: number; readonly keptBefore: EpochMs };

export type PublishReply =
  | { ok: true; cursor: string; repeated: boolean }
  | { ok: false; reason: "message_too_large" };

export type Appended = {
  readonly reply: PublishReply;
  /** Undefined when there is nothing new. */
  readonly added?: { readonly stored: StoredFrame; readonly frame: Frame; readonly trim: Trim };
};

export function append(stream: StreamView, publication: Publication, now: EpochMs): Appended {
  const { eventId, type, data, at } = publication;
  const known = stream.sequenceOf(eventId);
  if (known !== undefined)
    return { reply: { ok: true, cursor: cursorOf(stream.epoch, known), repeated: true } };
  const sequence = stream.head + 1;
  const frame = frameOf({ type, cursor: cursorOf(stream.epoch, sequence), data, at });
  if (new TextEncoder().encode(frame.text).length > roomLimits.messageBytesMax)
    return { reply: { ok: false, reason: "message_too_large" } };
  return {
    reply: { ok: true, cursor: frame.cursor, repeated: false },
    added: {
      frame,
      stored: { sequence, eventId, text: frame.text, keptAt: now },
      trim: { throughSequence: sequence - streamLimits.messagesMax, keptBefore: keptSince(now) },
    },
  };
}

/**
 * What a client hears first. `hello` carries the cursor from which this connection goes on, so that a connection that
 * breaks anywhere in the replay is resumed without a gap by the last cursor that came.
 */
export function greet(stream: StreamView, after: string | undefined): Frame[] {
  const here = cursorOf(stream.epoch, stream.head);
  if (after === undefined) return [frameOf({ type: "hello", cursor: here })];
  const hello = frameOf({ type: "hello", cursor: after });
  const missed = missedAfter(stream, after);
  if (missed === undefined) return [hello, frameOf({ type: "reset", cursor: here })];
  return [hello, ...missed.map(({ sequence, text }) => ({ cursor: cursorOf(stream.epoch, sequence), text }))];
}

/** Messages kept before this time are too old at the given one. */
export function keptSince(now: EpochMs): EpochMs {
  return epochMs(now - streamLimits.ageMsMax);
}

/** Undefined when the cursor is not of this epoch, or when some of what followed it is no longer kept. */
function missedAfter(stream: StreamView, after: string): readonly StoredFrame[] | undefined {
  const [epoch, position] = after.split(".");
  const sequence = Number(position);
  if (epoch !== stream.epoch || !Number.isSafeInteger(sequence)) return undefined;
  const missed = stream.framesAfter(sequence);
  return missed.length === stream.head - sequence ? missed : undefined;
}

function cursorOf(epoch: string, sequence: number): string {
  return `${epoch}.${sequence}`;
}

function frameOf(message: Extract<ServerMessage, { cursor: string }>): Frame {
  return { cursor: message.cursor, text: JSON.stringify(message) };
}
