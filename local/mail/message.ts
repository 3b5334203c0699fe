import { z } from "zod";

const SUBJECT_CHARACTERS_MAX = 998;
const BODY_CHARACTERS_MAX = 1024 * 1024;

/** `name@host`, alone or as in `Name <name@host>`. Line ends are refused, since they would forge headers. */
const Address = z
  .string()
  .max(320)
  .refine((address) => !/[\r\n]/.test(address), "must not contain a line end")
  .refine((address) => z.email().safeParse(mailboxOf(address)).success, "must be an e-mail address");

export const IdempotencyKey = z.string().min(1).max(256);

export const NewMessage = z.strictObject({
  from: Address,
  to: Address,
  subject: z.string().min(1).max(SUBJECT_CHARACTERS_MAX),
  text: z.string().min(1).max(BODY_CHARACTERS_MAX),
  html: z.string().min(1).max(BODY_CHARACTERS_MAX).optional(),
  idempotency_key: IdempotencyKey.optional(),
});
export type NewMessage = z.infer<typeof NewMessage>;

export const Message = z.object({
  id: z.string(),
  from: z.string(),
  to: z.string(),
  subject: z.string(),
  text: z.string(),
  html: z.string().nullable(),
  idempotency_key: z.string().nullable(),
  created_at: z.string(),
});
export type Message = z.infer<typeof Message>;

/** The bare address in lower case, by which a recipient is found. */
export function mailboxOf(address: string): string {
  return (/<([^<>]*)>$/.exec(address)?.[1] ?? address).trim().toLowerCase();
}
