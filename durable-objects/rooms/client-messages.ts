import { z } from "zod";
import type { EpochMs } from "#core/time";
import { type CloseReason, clientLimits } from "./messages.ts";

/** How much one client has said lately. */
export type TalkWindow = { readonly since: EpochMs; readonly messages: number };

const ClientMessage = z
  .string()
  .transform((text, check): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      check.addIssue({ code: "custom", message: "is not JSON" });
      return z.NEVER;
    }
  })
  .pipe(z.strictObject({ type: z.literal("ping") }));

type Verdict = { window: TalkWindow; answer: "pong" } | { window: TalkWindow; close: CloseReason };

/** Decides what becomes of a message from a client: a ping is answered, anything else ends the connection. */
export function judgeClientMessage(
  raw: string | ArrayBuffer | ArrayBufferView,
  before: TalkWindow | undefined,
  now: EpochMs,
): Verdict {
  const sameWindow = before !== undefined && now - before.since < clientLimits.windowMs;
  const window = sameWindow
    ? { since: before.since, messages: before.messages + 1 }
    : { since: now, messages: 1 };
  const bytes = typeof raw === "string" ? new TextEncoder().encode(raw).length : raw.byteLength;
  if (window.messages > clientLimits.messagesPerWindowMax) return { window, close: "too_many_messages" };
  if (bytes > clientLimits.messageBytesMax) return { window, close: "message_too_large" };
  return ClientMessage.safeParse(raw).success
    ? { window, answer: "pong" }
    : { window, close: "unknown_message" };
}
