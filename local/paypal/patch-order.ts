import { z } from "zod";
import { invalidBody, unprocessable } from "./failure.ts";
import { MoneyFields } from "./money.ts";
import { checkAmount } from "./order-request.ts";
import { findOrder } from "./orders.ts";
import { parseBody } from "./parameters.ts";
import type { PurchaseUnit } from "./resources.ts";
import { answer, type Call, type Reply, type Simulation, timestamp } from "./simulation.ts";

const PATCHES_MAX = 100;

const Patches = z
  .array(z.looseObject({ op: z.enum(["add", "replace", "remove"]), path: z.string(), value: z.unknown() }))
  .min(1)
  .max(PATCHES_MAX);
type Patch = z.infer<typeof Patches>[number];

const PATH = /^\/purchase_units\/@reference_id=='(?<reference>[^']+)'\/(?<field>\w+)$/;
const text = z.string().min(1).max(127);
const Changes = z.strictObject({
  amount: MoneyFields.extend({ breakdown: z.record(z.string(), MoneyFields).optional() }).optional(),
  custom_id: text.optional(),
  invoice_id: text.optional(),
  description: text.optional(),
  soft_descriptor: z.string().min(1).max(22).optional(),
});
const PATCHABLE = Object.keys(Changes.shape);

export function patchOrder(simulation: Simulation, call: Call, id: string): Reply {
  const patches = parseBody(Patches, call.body);
  const order = findOrder(simulation, id);
  if (order.status === "COMPLETED") throw unprocessable("ORDER_ALREADY_COMPLETED");
  const units = patches.reduce(applyPatch, order.units);
  simulation.store.save({ ...order, units, update_time: timestamp(simulation) });
  return answer(204, {});
}

function applyPatch(units: PurchaseUnit[], { op, path, value }: Patch, index: number): PurchaseUnit[] {
  const place = { field: `/${index}/path`, value: path };
  const groups = PATH.exec(path)?.groups;
  if (groups === undefined) throw unprocessable("INVALID_JSON_POINTER_FORMAT", place);
  const { reference = "", field = "" } = groups;
  if (!PATCHABLE.includes(field)) throw unprocessable("NOT_PATCHABLE", place);
  if (!units.some((unit) => unit.reference_id === reference))
    throw unprocessable("REFERENCE_ID_NOT_FOUND", place);
  return units.map((unit) =>
    unit.reference_id === reference ? patchUnit(unit, { op, field, value }) : unit,
  );
}

type Change = { op: Patch["op"]; field: string; value: unknown };

function patchUnit(unit: PurchaseUnit, { op, field, value }: Change): PurchaseUnit {
  const isPresent = unit[field] !== undefined;
  if (isPresent === (op === "add") || (op === "remove" && field === "amount")) {
    throw invalidBody("INVALID_PATCH_OPERATION", { field: "/op", value: op });
  }
  const { [field]: _former, ...others } = unit;
  if (op === "remove")
    return { ...others, reference_id: unit.reference_id, amount: unit.amount, payee: unit.payee };
  const { amount, ...changes } = parseBody(Changes, { [field]: value });
  if (amount === undefined) return { ...unit, ...withoutUndefined(changes) };
  const { currency_code, value: total, breakdown } = amount;
  checkAmount({ amount }, "/value");
  return {
    ...unit,
    amount: { currency_code, value: total, ...(breakdown === undefined ? {} : { breakdown }) },
  };
}

function withoutUndefined(changes: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}
