import { recordEvent } from "./events.ts";
import { unknownResource } from "./failure.ts";
import { newId } from "./ids.ts";
import type { Money } from "./money.ts";
import { PAYEE } from "./payee.ts";
import type { Paid, StoredAuthorization } from "./resources.ts";
import { answer, type Call, type Reply, type Simulation, timestamp } from "./simulation.ts";

const AUTHORIZATION_VALID_SECONDS = 29 * 24 * 60 * 60;

export const SELLER_PROTECTION = {
  status: "ELIGIBLE",
  dispute_categories: ["ITEM_NOT_RECEIVED", "UNAUTHORIZED_TRANSACTION"],
};

type NewAuthorization = { amount: Money; paid: Paid; parentId: string | null };

export function createAuthorization(
  simulation: Simulation,
  { amount, paid, parentId }: NewAuthorization,
): StoredAuthorization {
  const now = timestamp(simulation);
  const authorization: StoredAuthorization = {
    ...paid,
    kind: "authorization",
    id: newId(),
    created: simulation.clock.nowSeconds(),
    status: "CREATED",
    amount,
    expiration_time: timestamp(simulation, AUTHORIZATION_VALID_SECONDS),
    isExpired: false,
    parentId,
    create_time: now,
    update_time: now,
  };
  simulation.store.save(authorization);
  const expiry = { kind: "expire_authorization", objectId: authorization.id } as const;
  simulation.timers.set(expiry, authorization.created + AUTHORIZATION_VALID_SECONDS);
  recordAuthorization(simulation, "PAYMENT.AUTHORIZATION.CREATED", authorization);
  return authorization;
}

export function retrieveAuthorization(simulation: Simulation, _call: Call, id: string): Reply {
  return answer(200, describeAuthorization(findAuthorization(simulation, id)));
}

export function findAuthorization(simulation: Simulation, id: string): StoredAuthorization {
  const authorization = simulation.store.find("authorization", id);
  if (authorization === undefined) throw unknownResource();
  return authorization;
}

/** An authorisation and its renewal are about the same money: what becomes of one becomes of both. */
export function moveFamily(
  simulation: Simulation,
  authorization: StoredAuthorization,
  changes: Partial<Pick<StoredAuthorization, "status" | "isExpired">>,
): StoredAuthorization {
  const moved = { ...authorization, ...changes, update_time: timestamp(simulation) };
  const eldest = authorization.parentId ?? authorization.id;
  const ofOrder = [{ field: "orderId", operator: "=", value: authorization.orderId }] as const;
  for (const relative of simulation.store.all("authorization", ofOrder)) {
    if ((relative.parentId ?? relative.id) !== eldest) continue;
    simulation.store.save({ ...relative, ...changes, update_time: moved.update_time });
  }
  return moved;
}

/** Nobody captured in time. */
export function expireAuthorization(simulation: Simulation, authorization: StoredAuthorization): void {
  if (authorization.status === "CAPTURED" || authorization.status === "VOIDED") return;
  const expired: StoredAuthorization = {
    ...authorization,
    status: "VOIDED",
    isExpired: true,
    update_time: timestamp(simulation),
  };
  simulation.store.save(expired);
  recordAuthorization(simulation, "PAYMENT.AUTHORIZATION.VOIDED", expired);
}

export function recordAuthorization(
  simulation: Simulation,
  type: "PAYMENT.AUTHORIZATION.CREATED" | "PAYMENT.AUTHORIZATION.VOIDED",
  authorization: StoredAuthorization,
): void {
  recordEvent(simulation, type, {
    resource: describeAuthorization(authorization),
    transactionId: authorization.id,
    origin: authorization.origin,
  });
}

export function describeAuthorization(authorization: StoredAuthorization): object {
  const { id, status, amount, origin, orderId, expiration_time, create_time, update_time } = authorization;
  const url = `${origin}/v2/payments/authorizations/${id}`;
  const verbs = ["capture", "void", "reauthorize"].map((rel) => ({
    href: `${url}/${rel}`,
    rel,
    method: "POST",
  }));
  const isOpen = status === "CREATED" || status === "PARTIALLY_CAPTURED";
  return {
    id,
    status,
    amount,
    ...idsOf(authorization),
    seller_protection: SELLER_PROTECTION,
    expiration_time,
    payee: PAYEE,
    supplementary_data: { related_ids: { order_id: orderId } },
    create_time,
    update_time,
    links: [
      { href: url, rel: "self", method: "GET" },
      ...(isOpen ? verbs : []),
      { href: `${origin}/v2/checkout/orders/${orderId}`, rel: "up", method: "GET" },
    ],
  };
}

/** What the shop told PayPal of the purchase, where it did. */
export function idsOf({ invoiceId, customId }: Pick<Paid, "invoiceId" | "customId">): object {
  return {
    ...(invoiceId === null ? {} : { invoice_id: invoiceId }),
    ...(customId === null ? {} : { custom_id: customId }),
  };
}

/** By default a payment's answer says no more than that it happened. */
export function answerWithPayment({ headers }: Call, status: number, described: object): Reply {
  if (headers.wantsRepresentation) return answer(status, described);
  const minimal = ["id", "status", "links"].map((name): [string, unknown] => [
    name,
    Reflect.get(described, name),
  ]);
  return answer(status, Object.fromEntries(minimal));
}
