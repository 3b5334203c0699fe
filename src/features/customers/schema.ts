import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";
import { Address } from "#features/orders/schema";

const defaults = {
  default_shipping: z.boolean().optional(),
  default_billing: z.boolean().optional(),
};

export const NewCustomerAddress = z
  .strictObject({ address: Address, ...defaults })
  .openapi("NewCustomerAddress");
export type NewCustomerAddress = z.infer<typeof NewCustomerAddress>;

export const CustomerAddressPatch = z
  .strictObject({
    address: Address.optional().openapi({ description: "Replaces the address as a whole." }),
    ...defaults,
  })
  .openapi("CustomerAddressPatch");
export type CustomerAddressPatch = z.infer<typeof CustomerAddressPatch>;

export const CustomerAddressParam = z.strictObject({
  id: idSchema("address").openapi({ example: "adr_01kaxk5v3m9qf2t8w4r6y0z1bc" }),
});

export const CustomerAddress = z
  .object({
    id: z.string(),
    address: Address,
    default_shipping: z.boolean(),
    default_billing: z.boolean(),
    version: z.int(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .openapi("CustomerAddress");
export type CustomerAddress = z.infer<typeof CustomerAddress>;

export const CustomerAddressList = z
  .object({ data: z.array(CustomerAddress) })
  .openapi("CustomerAddressList");
export type CustomerAddressList = z.infer<typeof CustomerAddressList>;
