import { Client, Receiver } from "@upstash/qstash";

export type QueueSettings = {
  url: string;
  token: string;
  currentSigningKey: string;
  nextSigningKey: string;
  /** Where this Worker is reached; jobs are delivered below it. */
  publicUrl: string;
};

/** A message to ourselves: delivered at least once to `POST /jobs/…`. */
export type Job = {
  path: `/jobs/${string}`;
  body: Readonly<Record<string, unknown>>;
  /** Spares repeated work when the same job is published twice; never the guarantee. */
  deduplicationId?: string;
  delaySeconds?: number;
  traceparent?: string | undefined;
};

export type Queue = {
  publish: (job: Job) => Promise<void>;
  /** True when the body was signed by the queue for this very path, with the current or the next key. */
  verify: (path: string, signature: string, body: string) => Promise<boolean>;
  /** Rejects when the queue does not answer or refuses our token. */
  ping: () => Promise<void>;
};

const jobRetriesMax = 5;

export function createQueue(settings: QueueSettings): Queue {
  const client = new Client({ baseUrl: settings.url, token: settings.token, enableTelemetry: false });
  const receiver = new Receiver({
    currentSigningKey: settings.currentSigningKey,
    nextSigningKey: settings.nextSigningKey,
  });
  return {
    publish: async (job) => {
      await client.publishJSON({
        url: settings.publicUrl + job.path,
        body: job.body,
        retries: jobRetriesMax,
        ...(job.deduplicationId === undefined ? {} : { deduplicationId: job.deduplicationId }),
        ...(job.delaySeconds === undefined ? {} : { delay: job.delaySeconds }),
        ...(job.traceparent === undefined ? {} : { headers: { traceparent: job.traceparent } }),
      });
    },
    verify: (path, signature, body) =>
      receiver.verify({ signature, body, url: settings.publicUrl + path }).catch(() => false),
    ping: async () => {
      await client.queue().list();
    },
  };
}
