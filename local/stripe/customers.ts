import type { Stripe } from "stripe";
import { z } from "zod";
import { recordEvent } from "./events.ts";
import { noSuch } from "./failure.ts";
import { newId } from "./ids.ts";
import { createdFilter, equalTo, listPage, pagination } from "./list-page.ts";
import { address, expandable, mergeMetadata, metadata, parseParameters } from "./parameters.ts";
import { answer, type Call, type Reply, type Work } from "./simulation.ts";

const CustomerFields = z.strictObject({
  ...expandable,
  address: address.optional(),
  description: z.string().optional(),
  email: z.string().max(512).optional(),
  metadata: metadata.optional(),
  name: z.string().max(256).optional(),
  phone: z.string().max(20).optional(),
});
type CustomerFields = z.infer<typeof CustomerFields>;

export function createCustomer(work: Work, call: Call): Reply {
  const fields = parseParameters(CustomerFields, call.fields);
  const customer = withFields(blankCustomer(work), fields);
  work.store.save(customer);
  recordEvent(work, "customer.created", { object: customer });
  return answer(customer);
}

export function updateCustomer(work: Work, call: Call, id: string): Reply {
  const fields = parseParameters(CustomerFields, call.fields);
  const customer = findCustomer(work, id, "id");
  const updated = withFields(customer, fields);
  work.store.save(updated);
  recordEvent(work, "customer.updated", { object: updated, before: customer });
  return answer(updated);
}

export function retrieveCustomer(work: Work, _call: Call, id: string): Reply {
  return answer(findCustomer(work, id, "id"));
}

export function deleteCustomer(work: Work, _call: Call, id: string): Reply {
  const customer = findCustomer(work, id, "id");
  work.store.remove(id);
  recordEvent(work, "customer.deleted", { object: customer });
  return answer({ id, object: "customer", deleted: true } satisfies Stripe.DeletedCustomer);
}

const ListCustomers = z.strictObject({ ...pagination, email: z.string().optional() });

export function listCustomers(work: Work, call: Call): Reply {
  const parameters = parseParameters(ListCustomers, call.fields);
  const conditions = [...createdFilter(parameters), ...equalTo({ email: parameters.email })];
  return answer(listPage(work, { name: "customer", url: "/v1/customers", parameters, conditions }));
}

export function findCustomer(work: Work, id: string, param: string): Stripe.Customer {
  const customer = work.store.find("customer", id);
  if (customer === undefined) throw noSuch("customer", id, param);
  return customer;
}

/** An empty string unsets a field. */
function withFields(customer: Stripe.Customer, fields: CustomerFields): Stripe.Customer {
  const text = (given: string | undefined, current: string | null) =>
    given === undefined ? current : given === "" ? null : given;
  return {
    ...customer,
    address: fields.address ?? customer.address ?? null,
    description: text(fields.description, customer.description),
    email: text(fields.email, customer.email),
    metadata: mergeMetadata(customer.metadata, fields.metadata),
    name: text(fields.name, customer.name ?? null),
    phone: text(fields.phone, customer.phone ?? null),
  };
}

function blankCustomer(work: Work): Stripe.Customer {
  const id = newId("cus");
  return {
    id,
    object: "customer",
    address: null,
    balance: 0,
    created: work.clock.nowSeconds(),
    currency: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: null,
    invoice_prefix: id.slice(-8).toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: false,
    metadata: {},
    name: null,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: "none",
    test_clock: null,
  };
}
