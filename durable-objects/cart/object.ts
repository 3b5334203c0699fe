import { DurableObject } from "cloudflare:workers";
import type { Bindings } from "#platform/env";

/** One buyer's cart. */
export class CartObject extends DurableObject<Bindings> {}
