import { z } from "zod";
import { invalidBody, unprocessable } from "./failure.ts";
import { type Money, MoneyFields, unitsOf } from "./money.ts";

const UNITS_MAX = 10;
const ID_LENGTH_MAX = 127;

const text = (lengthMax: number) => z.string().min(1).max(lengthMax);
const Breakdown = z.partialRecord(
  z.enum(["item_total", "shipping", "handling", "tax_total", "insurance", "shipping_discount", "discount"]),
  MoneyFields,
);
const Item = z.looseObject({
  name: text(ID_LENGTH_MAX),
  unit_amount: MoneyFields,
  quantity: z.string().regex(/^[1-9]\d{0,9}$/),
});

const Amount = MoneyFields.extend({ breakdown: Breakdown.optional() });

const Unit = z.looseObject({
  reference_id: text(256).optional(),
  amount: Amount,
  custom_id: text(ID_LENGTH_MAX).optional(),
  invoice_id: text(ID_LENGTH_MAX).optional(),
  description: text(ID_LENGTH_MAX).optional(),
  soft_descriptor: text(22).optional(),
  items: z.array(Item).optional(),
});
export type UnitRequest = z.infer<typeof Unit>;

const Experience = z.looseObject({
  brand_name: text(127).optional(),
  return_url: z.url().optional(),
  cancel_url: z.url().optional(),
});

export const OrderRequest = z.looseObject({
  intent: z.enum(["AUTHORIZE", "CAPTURE"]),
  purchase_units: z.array(Unit).min(1).max(UNITS_MAX),
  payment_source: z
    .looseObject({ paypal: z.looseObject({ experience_context: Experience.optional() }).optional() })
    .optional(),
  application_context: Experience.optional(),
});
export type OrderRequest = z.infer<typeof OrderRequest>;

/** What PayPal checks of an order beyond its form. */
export function checkUnits(intent: OrderRequest["intent"], units: readonly UnitRequest[]): void {
  if (intent === "AUTHORIZE" && units.length > 1) {
    throw unprocessable("UNSUPPORTED_INTENT", { field: "/intent", value: intent });
  }
  checkReferences(units);
  const currencies = new Set(units.map(({ amount }) => amount.currency_code));
  if (currencies.size > 1) throw unprocessable("MULTI_CURRENCY_ORDER", { field: "/purchase_units" });
  for (const [index, unit] of units.entries()) checkAmount(unit, `/purchase_units/${index}`);
}

function checkReferences(units: readonly UnitRequest[]): void {
  const references = units.map((unit) => unit.reference_id);
  if (units.length > 1 && references.includes(undefined)) {
    throw unprocessable("REFERENCE_ID_REQUIRED", { field: "/purchase_units" });
  }
  if (new Set(references).size < references.length) {
    throw unprocessable("DUPLICATE_REFERENCE_ID", { field: "/purchase_units" });
  }
}

/** The parts must add up to the whole, to the last unit. */
export function checkAmount({ amount, items }: Pick<UnitRequest, "amount" | "items">, field: string): void {
  const total = unitsOf(amount, { field: `${field}/amount` });
  const { breakdown } = amount;
  if (items !== undefined && items.length > 0) checkItems(items, breakdown?.item_total, field);
  if (breakdown === undefined) return;
  const part = (name: keyof typeof breakdown): number => {
    const given = breakdown[name];
    if (given === undefined) return 0;
    if (given.currency_code !== amount.currency_code) throw unprocessable("MULTI_CURRENCY_ORDER", { field });
    return unitsOf(given, { field: `${field}/amount/breakdown/${name}`, mayBeZero: true });
  };
  const charges = part("item_total") + part("shipping") + part("handling");
  const extras = part("tax_total") + part("insurance");
  if (charges + extras - part("shipping_discount") - part("discount") !== total) {
    throw unprocessable("AMOUNT_MISMATCH", { field: `${field}/amount/value`, value: amount.value });
  }
}

function checkItems(
  items: readonly z.infer<typeof Item>[],
  itemTotal: Money | undefined,
  field: string,
): void {
  if (itemTotal === undefined) {
    throw unprocessable("ITEM_TOTAL_REQUIRED", { field: `${field}/amount/breakdown/item_total` });
  }
  const sum = items.reduce(
    (units, item, index) =>
      units +
      Number(item.quantity) *
        unitsOf(item.unit_amount, { field: `${field}/items/${index}/unit_amount`, mayBeZero: true }),
    0,
  );
  const place = { field: `${field}/amount/breakdown/item_total`, mayBeZero: true };
  if (sum !== unitsOf(itemTotal, place)) {
    throw unprocessable("ITEM_TOTAL_MISMATCH", { field: place.field, value: itemTotal.value });
  }
}

/** An order that names how it is paid might be paid at once, which must not happen twice. */
export function requireRequestId(requestId: string | undefined): void {
  if (requestId !== undefined) return;
  throw invalidBody("PAYPAL_REQUEST_ID_REQUIRED", {
    field: "PayPal-Request-Id",
    description:
      "A PayPal-Request-Id is required if you are trying to process payment for an Order. " +
      "Please specify a PayPal-Request-Id or Create the Order without a 'payment_source' specified.",
  });
}
