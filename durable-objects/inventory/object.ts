import { DurableObject } from "cloudflare:workers";
import type { Bindings } from "#platform/env";

/** The stock of one SKU. */
export class InventoryObject extends DurableObject<Bindings> {}
