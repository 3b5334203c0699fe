import { fetchFromProvider, unavailable } from "./fetch.ts";

export type MailSettings = { apiUrl: string; apiKey: string; from: string };

export type Mail = {
  to: string;
  subject: string;
  text: string;
  /** The service sends one mail per key, however often it is asked. */
  idempotencyKey: string;
};

const policy = { provider: "mail", deadlineMs: 5_000, attemptsMax: 2 };

/** @throws AppError dependency_unavailable when the mail service did not accept the message. */
export async function sendMail(settings: MailSettings, mail: Mail): Promise<void> {
  const { idempotencyKey, ...message } = mail;
  const response = await fetchFromProvider(
    `${settings.apiUrl}/messages`,
    {
      method: "POST",
      headers: {
        authorization: `Bearer ${settings.apiKey}`,
        "content-type": "application/json",
        "idempotency-key": idempotencyKey,
      },
      body: JSON.stringify({ from: settings.from, ...message }),
    },
    { ...policy, origins: [settings.apiUrl] },
  );
  await response.body?.cancel();
  if (!response.ok) throw unavailable("mail", new Error(`status ${response.status}`));
}
