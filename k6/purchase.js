import { check } from "k6";
import { Counter } from "k6/metrics";
import { bounded, chosen } from "./lib/bounds.js";
import { addToCart, payByCard, placeOrder } from "./lib/buyer.js";
import { archiveProduct, countAvailable, signInAsAdmin, stockProduct } from "./lib/seller.js";
import { oneOf } from "./lib/shop.js";

/** Whole purchases by card, up to the webhook that makes the order paid: every one is paid, every unit accounted for. */

const PRODUCTS = 5;
const ITERATIONS = chosen("ITERATIONS", 40);

const ordersPaid = new Counter("orders_paid");

export const options = bounded({
  buyers: 4,
  iterations: ITERATIONS,
  thresholds: { orders_paid: [`count==${ITERATIONS}`] },
});

export function setup() {
  const admin = signInAsAdmin();
  const products = Array.from({ length: PRODUCTS }, () => stockProduct(admin, ITERATIONS));
  return { admin, products };
}

export default function purchase({ products }) {
  const order = placeOrder(addToCart(oneOf(products).variantId)).json();
  const isPaid = payByCard(order);
  check(isPaid, { "the order is paid": (paid) => paid });
  if (isPaid) ordersPaid.add(1);
}

export function teardown({ admin, products }) {
  const left = products.reduce((sum, { sku }) => sum + countAvailable(sku), 0);
  check(left, { "each order took one unit": (units) => units === (PRODUCTS - 1) * ITERATIONS });
  for (const { productId } of products) archiveProduct(admin, productId);
}
