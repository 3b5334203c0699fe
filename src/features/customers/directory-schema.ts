import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";
import { MoneyWire } from "#core/money";
import { orderStatuses } from "#features/orders/rules";
import { CustomerAddress } from "./schema.ts";

export const CustomerId = idSchema("user");

const yesOrNo = z
  .enum(["true", "false"])
  .transform((text) => text === "true")
  .optional();
const moment = z.iso.datetime({ offset: true }).max(40).optional();

/** Which customers are wanted. */
export const customerFilters = {
  email: z
    .string()
    .trim()
    .min(1)
    .max(254)
    .optional()
    .openapi({ description: "How the address begins, in upper or lower case.", example: "ada@" }),
  email_verified: yesOrNo,
  disabled: yesOrNo,
  created_from: moment.openapi({ description: "Not before this moment." }),
  created_before: moment,
};
const CustomerFilters = z.object(customerFilters);
export type CustomerFilters = z.infer<typeof CustomerFilters>;

const summary = {
  id: z.string(),
  email: z.string(),
  email_verified: z.boolean(),
  name: z.string(),
  disabled: z.boolean(),
  created_at: z.iso.datetime(),
};

export const CustomerSummary = z.object(summary).openapi("CustomerSummary");
export type CustomerSummary = z.infer<typeof CustomerSummary>;

export const CustomerWire = z
  .object({
    ...summary,
    locale: z.string().nullable(),
    sign_in: z
      .object({
        password: z.boolean(),
        authenticator_app: z.boolean(),
        passkeys: z.int(),
        providers: z.array(z.string()),
      })
      .openapi({ description: "The ways in which the customer can sign in." }),
    sessions: z.int().openapi({ description: "Devices that are signed in." }),
    addresses: z.array(CustomerAddress),
    orders: z.object({
      count: z.int(),
      last: z
        .object({
          id: z.string(),
          number: z.int().nullable(),
          status: z.enum(orderStatuses),
          total: MoneyWire,
          created_at: z.iso.datetime(),
        })
        .nullable(),
    }),
  })
  .openapi("Customer");
export type CustomerWire = z.infer<typeof CustomerWire>;
