import { check } from "k6";
import { bounded } from "./lib/bounds.js";
import { addToCart } from "./lib/buyer.js";
import { oneOf, read, readAssortment, write } from "./lib/shop.js";

/** Guests who fill a cart, change their minds and come back to it: each cart adds up afterwards. */

export const options = bounded({ buyers: 10, iterations: 150 });

export function setup() {
  return readAssortment();
}

export default function fillCart({ variantIds }) {
  const first = addToCart(oneOf(variantIds), { quantity: 2 });
  const { token } = first;
  const headers = { "cart-token": token };
  const [line] = addToCart(oneOf(variantIds.filter((id) => id !== first.lines[0].variant_id)), {
    token,
  }).lines;
  const changed = { name: "/cart/:line", headers };
  write(`/cart/${line.id}`, { quantity: 3 }, { ...changed, method: "PATCH" });
  const cart = read("/cart", { headers }).json();
  check(cart, {
    "the cart has both lines": ({ lines }) => lines.length === 2,
    "the lines add up to the subtotal": ({ lines, subtotal }) =>
      lines.reduce((sum, { total }) => sum + total.amount, 0) === subtotal.amount,
  });
  const left = write(`/cart/${line.id}`, undefined, { ...changed, method: "DELETE" }).json();
  check(left, { "the removed line is gone": ({ lines }) => lines.every(({ id }) => id !== line.id) });
}
