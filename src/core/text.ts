import { z } from "zod";

/*
 * Patterns of texts that people type. They are part of the API's description, whose readers are of many languages: none
 * uses \p or looks ahead, which not every dialect of regular expressions knows, and each is matched in linear time.
 */

/** What no text may hold: control characters, and halves of characters, which Postgres has no place for. */
export const unprintable = String.raw`\u0000-\u001f\u007f-\u009f\ud800-\udfff`;

/** One line of text, not empty. */
export const plainText = new RegExp(`^[^${unprintable}]+$`, "u");

/** RFC 5321, section 4.5.3.1.3: a path is 256 characters with its brackets. */
const emailCharactersMax = 254;

/** An address as mailboxes have it: no quotes, no comments, no address literals, and ASCII only. */
const emailPattern =
  /^[A-Za-z0-9_'+-]+(?:\.[A-Za-z0-9_'+-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$/;

export const EmailText = z
  .string()
  .trim()
  .max(emailCharactersMax)
  .regex(emailPattern, "must be an e-mail address");

/** An address of the web. */
export const WebAddress = z.url({ protocol: /^https?$/ });
export const webAddress = { format: "uri", pattern: "^https?://" } as const;
