import type { CartObject } from "#durable-objects/cart/object";
import type { InventoryObject } from "#durable-objects/inventory/object";
import type { LimitsObject } from "#durable-objects/limits/object";
import type { RoomObject } from "#durable-objects/rooms/room";
import type { Bindings } from "./env.ts";

/** Stubs of the Durable Objects by their domain names. Taking a stub counts as one object call. */
export type Objects = {
  inventory: (sku: string) => DurableObjectStub<InventoryObject>;
  cart: (cartId: string) => DurableObjectStub<CartObject>;
  limits: (shard: string) => DurableObjectStub<LimitsObject>;
  room: (name: string) => DurableObjectStub<RoomObject>;
};

export function createObjects(bindings: Bindings, onCall: () => void): Objects {
  const counted =
    <Target extends Rpc.DurableObjectBranded>(namespace: DurableObjectNamespace<Target>) =>
    (name: string) => {
      onCall();
      return namespace.get(namespace.idFromName(name));
    };
  return {
    inventory: counted(bindings.INVENTORY),
    cart: counted(bindings.CARTS),
    limits: counted(bindings.LIMITS),
    room: counted(bindings.ROOMS),
  };
}
