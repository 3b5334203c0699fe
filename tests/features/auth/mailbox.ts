import { vi } from "vitest";
import { z } from "zod";
import { stack } from "../../stack.ts";

const Inbox = z.object({ messages: z.array(z.object({ subject: z.string(), text: z.string() })) });
export type Mail = z.infer<typeof Inbox>["messages"][number];

/** Mails to this address, newest first. */
export async function mailsTo(address: string): Promise<Mail[]> {
  const answer = await fetch(`${stack().services.mail}/messages?to=${encodeURIComponent(address)}`);
  return Inbox.parse(await answer.json()).messages;
}

/** Waits for the so-manieth mail to this address whose subject says this; the oldest is the first. */
export function mailTo(address: string, subject: string, count = 1): Promise<Mail> {
  return vi.waitFor(
    async () => {
      const mails = (await mailsTo(address)).filter((mail) => mail.subject.includes(subject));
      const mail = mails.reverse()[count - 1];
      if (mail === undefined) throw new Error(`no mail ${count} "${subject}" came to ${address}`);
      return mail;
    },
    { timeout: 25_000, interval: 50 },
  );
}

/** The one-time token in a mail. */
export function tokenIn({ text }: Mail): string {
  const token = /^[\w-]{43}$/m.exec(text)?.[0];
  if (token === undefined) throw new Error(`no token in:\n${text}`);
  return token;
}
