import { tellable } from "#core/faults";
import { AppError } from "#core/errors";
import type { PaymentFacts } from "#core/payment-facts";

/** A provider's event as it was stored. */
export type StoredEvent = {
  readonly id: string;
  /** The provider's id of the payment that it is about; null when it is about none. */
  readonly providerReference: string | null;
  readonly processedAt: Date | null;
};

type FoundAttempt = { readonly orderId: string; readonly providerReference: string | null };

/** What acting on an event needs from the world; the real ones ask Postgres and the provider. */
export type EventPorts<Attempt extends FoundAttempt> = {
  /** The payment of an event that names only a part of it, such as a capture; undefined when it is about none. */
  readonly referenceOf: (event: StoredEvent) => Promise<string | undefined>;
  readonly read: (reference: string) => Promise<PaymentFacts>;
  /** The attempt that the facts are about: by the provider's id, or by ours when that was not stored yet. */
  readonly findAttempt: (facts: PaymentFacts) => Promise<Attempt | undefined>;
  /** False when somebody else moved the attempt first. */
  readonly adoptReference: (attempt: Attempt, reference: string) => Promise<boolean>;
  /** Settles the order of this attempt. */
  readonly settle: (attempt: Attempt) => Promise<unknown>;
  readonly markProcessed: (eventId: string) => Promise<unknown>;
  readonly markFailed: (eventId: string, error: string) => Promise<unknown>;
};

/**
 * Acts on a stored event: a wake-up for the payment that it names. What the provider says now counts, not what the
 * event said then. Repeating a processed event does nothing; a fault leaves it for the next delivery.
 */
export async function processEvent<Attempt extends FoundAttempt>(
  ports: EventPorts<Attempt>,
  event: StoredEvent | undefined,
): Promise<void> {
  if (event === undefined || event.processedAt !== null) return;
  try {
    const reference = event.providerReference ?? (await ports.referenceOf(event));
    if (reference !== undefined) await settleReference(ports, reference);
    await ports.markProcessed(event.id);
  } catch (error) {
    await ports.markFailed(event.id, tellable(error).message);
    throw error;
  }
}

/** Settles the payment with this provider's id; a payment that is not ours is left alone. */
async function settleReference<Attempt extends FoundAttempt>(
  ports: EventPorts<Attempt>,
  reference: string,
): Promise<void> {
  const attempt = await ports.findAttempt(await ports.read(reference));
  if (attempt === undefined) return;
  // The process died between the provider's answer and storing it: the event brings the reference.
  if (attempt.providerReference === null && !(await ports.adoptReference(attempt, reference)))
    throw new AppError("conflict", { detail: `The payment ${reference} is being stored by others.` });
  await ports.settle(attempt);
}
