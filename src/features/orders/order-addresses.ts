import { AppError } from "#core/errors";
import type { Id } from "#core/ids";
import { pickAddresses } from "#features/customers/pick-addresses";
import type { Context } from "#platform/context";
import type { Address, PlaceOrder } from "./schema.ts";

/** Where an order goes and who is billed: a copy, which later changes of an address book leave alone. */
export type OrderAddresses = { readonly shippingAddress: Address; readonly billingAddress: Address };

type SavedAddress = { readonly id: Id<"address">; readonly address: Address };

/** The statement that reads what the order names of its buyer's address book; none where there is nothing to read. */
export function readNamedAddresses(
  { databases, principal }: Context,
  { shipping_address_id: shippingId, billing_address_id: billingId }: PlaceOrder,
) {
  const ids = [shippingId, billingId].filter((id) => id !== undefined);
  return principal.kind === "user" && ids.length > 0 ? [pickAddresses(databases, principal.userId, ids)] : [];
}

/** @returns the addresses, or the refusal when the buyer's address book has not, or no longer, what the order names. */
export function addressesOf(
  context: Context,
  input: PlaceOrder,
  saved: readonly SavedAddress[],
): { ok: true; addresses: OrderAddresses } | { ok: false; refusal: AppError } {
  const find = (id: Id<"address"> | undefined) => saved.find((entry) => entry.id === id)?.address;
  const { shipping_address_id: shippingId, billing_address_id: billingId } = input;
  const shippingAddress = input.shipping_address ?? find(shippingId);
  const billingAddress =
    input.billing_address ?? (billingId === undefined ? shippingAddress : find(billingId));
  if (shippingAddress !== undefined && billingAddress !== undefined)
    return { ok: true, addresses: { shippingAddress, billingAddress } };
  const missing = [
    ...(shippingAddress === undefined ? ["/shipping_address_id"] : []),
    ...(billingAddress === undefined && billingId !== undefined ? ["/billing_address_id"] : []),
  ];
  return { ok: false, refusal: refusalOf(context, missing) };
}

function refusalOf({ principal }: Context, missing: readonly string[]): AppError {
  if (principal.kind !== "user")
    return new AppError("unauthenticated", {
      detail: "Only customers have an address book: sign in, or send shipping_address and billing_address.",
    });
  return new AppError("not_found", {
    detail:
      "The address book has no such address, or has it no more; see errors. Choose another of GET /customers/me/addresses, or send the address itself.",
    errors: missing.map((pointer) => ({
      pointer,
      code: "not_found",
      detail: "The address book has no address with this id.",
    })),
  });
}
