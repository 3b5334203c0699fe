import { z } from "zod";

/*
 * Patterns of texts that people type. They are part of the API's description, whose readers are of many languages: none
 * uses \p or looks ahead, which not every dialect of regular expressions knows, and each is matched in linear time.
 */

/** Control characters, for a class of characters. Halves of characters are refused where bodies and addresses arrive. */
export const unprintable = String.raw`\u0000-\u001f\u007f-\u009f`;

/** One line of text, not empty. */
export const plainText = new RegExp(`^[^${unprintable}]+$`, "u");

/** RFC 5321, sections 4.5.3.1.1 and 4.5.3.1.3: what stands before the "@", and a path without its brackets. */
const mailboxCharactersMax = 64;
const emailCharactersMax = 254;

/** An address as mailboxes have it: no quotes, no comments, no address literals, and ASCII only. */
const emailPattern =
  /^[A-Za-z0-9_'+-]+(?:\.[A-Za-z0-9_'+-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$/;

export const EmailText = z
  .string()
  .trim()
  .max(emailCharactersMax)
  .regex(emailPattern, "must be an e-mail address")
  .refine((email) => email.indexOf("@") <= mailboxCharactersMax, "must be an e-mail address");

/** An address of the web. */
export const WebAddress = z.url({ protocol: /^https?$/ });
export const webAddress = { format: "uri", pattern: "^https?://" } as const;
