import { check } from "k6";
import { bounded } from "./lib/bounds.js";
import { addToCart, payByCard, placeOrder } from "./lib/buyer.js";
import { archiveProduct, signInAsAdmin, stockProduct } from "./lib/seller.js";
import { read } from "./lib/shop.js";

/** One visitor who sees everything once: whether the stack is worth any load at all. */

export const options = bounded({ buyers: 1, iterations: 1 });

export function setup() {
  const admin = signInAsAdmin();
  return { admin, product: stockProduct(admin, 1) };
}

export default function visit({ product }) {
  read("/health");
  read("/ready");
  read("/products?limit=5", { name: "/products" });
  read("/search?q=tent", { name: "/search" });
  read(`/products/${product.productId}`, { name: "/products/:id" });
  const order = placeOrder(addToCart(product.variantId)).json();
  check(payByCard(order), { "the order is paid": (paid) => paid });
}

export function teardown({ admin, product }) {
  archiveProduct(admin, product.productId);
}
