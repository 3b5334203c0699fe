import { asOfNow } from "./balance-transactions.ts";
import { InvalidParameters } from "./failure.ts";
import type { StoredObject } from "./stored-objects.ts";
import type { Work } from "./simulation.ts";

const EXPANSION_DEPTH_MAX = 4;

/** Replaces the ids at the given paths, such as `latest_charge.balance_transaction`, by the objects they name. */
export function expandReply(work: Work, body: object, paths: readonly string[]): object {
  if (paths.length === 0) return body;
  const expanded = structuredClone(body);
  for (const path of paths) {
    const steps = path.split(".");
    if (steps.length > EXPANSION_DEPTH_MAX) throw notExpandable(path);
    expandAt(work, expanded, { path, steps });
  }
  return expanded;
}

type Route = { path: string; steps: readonly string[] };

function expandAt(work: Work, holder: object, { path, steps }: Route): void {
  const [step, ...rest] = steps;
  if (step === undefined) return;
  if (step === "refunds" && Reflect.get(holder, "object") === "charge") attachRefunds(work, holder);
  const value: unknown = Reflect.get(holder, step);
  if (value === undefined) throw notExpandable(path);
  if (value === null) return;
  if (typeof value === "string") Reflect.set(holder, step, resolve(work, value, path));
  const next: unknown = Reflect.get(holder, step);
  const children: unknown[] = Array.isArray(next) ? next : [next];
  for (const child of children) {
    if (typeof child === "object" && child !== null) expandAt(work, child, { path, steps: rest });
  }
}

function resolve(work: Work, id: string, path: string): StoredObject {
  const found = work.store.findAny(id);
  if (found === undefined) throw notExpandable(path);
  return structuredClone(found.object === "balance_transaction" ? asOfNow(work, found) : found);
}

/** Charges leave their refunds out unless someone asks for them. */
function attachRefunds(work: Work, charge: object): void {
  const id = String(Reflect.get(charge, "id"));
  const data = work.store.all("refund", [{ field: "charge", operator: "=", value: id }]);
  Reflect.set(charge, "refunds", { object: "list", data, has_more: false, url: `/v1/charges/${id}/refunds` });
}

function notExpandable(path: string): InvalidParameters {
  return new InvalidParameters(400, {
    type: "invalid_request_error",
    message: `This property cannot be expanded (${path}).`,
  });
}
