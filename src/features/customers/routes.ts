import { requiredVersion } from "#http/conditional";
import { describeRoute } from "#http/describe-route";
import { keyErrors, keyHeaders, writeOnce } from "#http/idempotency";
import { bodyErrors, createRouter, json, jsonBody, problems } from "#http/openapi";
import { ifMatchHeaders, mergePatchBody, versioned, withEtag } from "#http/versioned";
import { addAddress } from "./add-address.ts";
import { listAddresses, readAddress } from "./address-book.ts";
import { changeAddress, removeAddress } from "./change-address.ts";
import { customerLimits } from "./rules.ts";
import {
  CustomerAddress,
  CustomerAddressList,
  CustomerAddressParam,
  CustomerAddressPatch,
  NewCustomerAddress,
} from "./schema.ts";

/** What customers keep with us about themselves. */
export const customerRoutes = createRouter();

const tags = ["customers"];
const path = "/customers/me/addresses/{id}";
const versionProblems = ["if_match_required", "version_mismatch", "not_found"] as const;

customerRoutes.openapi(
  describeRoute({
    method: "get",
    path: "/customers/me/addresses",
    tags,
    summary: "The address book",
    description: `At most ${customerLimits.addressesMax} addresses, the oldest first.`,
    responses: { 200: json(CustomerAddressList, "The addresses"), ...problems() },
  }),
  async (request) => request.json(await listAddresses(request.var.context), 200),
);

customerRoutes.openapi(
  describeRoute({
    method: "post",
    path: "/customers/me/addresses",
    tags,
    summary: "Add an address",
    description: "A new default takes the place of the former one.",
    request: { headers: keyHeaders, body: jsonBody(NewCustomerAddress) },
    responses: {
      201: versioned(CustomerAddress, "The address"),
      ...problems(...bodyErrors, ...keyErrors, "address_book_full"),
    },
  }),
  async (request) => {
    const input = request.req.valid("json");
    const address = await writeOnce(request, { body: input, status: 201 }, (context) =>
      addAddress(context, input),
    );
    return request.json(withEtag(request, address), 201);
  },
);

customerRoutes.openapi(
  describeRoute({
    method: "get",
    path,
    tags,
    summary: "One address",
    request: { params: CustomerAddressParam },
    responses: { 200: versioned(CustomerAddress, "The address"), ...problems("not_found") },
  }),
  async (request) => {
    const address = await readAddress(request.var.context, request.req.valid("param").id);
    return request.json(withEtag(request, address), 200);
  },
);

customerRoutes.openapi(
  describeRoute({
    method: "patch",
    path,
    tags,
    summary: "Change an address",
    request: {
      params: CustomerAddressParam,
      headers: ifMatchHeaders,
      body: mergePatchBody(CustomerAddressPatch),
    },
    responses: {
      200: versioned(CustomerAddress, "The address as it is now"),
      ...problems(...bodyErrors, ...versionProblems),
    },
  }),
  async (request) => {
    const { id } = request.req.valid("param");
    const expectedVersion = requiredVersion(request);
    const patch = request.req.valid("json");
    const address = await changeAddress(request.var.context, { id, expectedVersion, patch });
    return request.json(withEtag(request, address), 200);
  },
);

customerRoutes.openapi(
  describeRoute({
    method: "delete",
    path,
    tags,
    summary: "Delete an address",
    description: "Orders keep what they copied.",
    request: { params: CustomerAddressParam, headers: ifMatchHeaders },
    responses: { 204: { description: "It is gone" }, ...problems(...versionProblems) },
  }),
  async (request) => {
    const { id } = request.req.valid("param");
    const expectedVersion = requiredVersion(request);
    await removeAddress(request.var.context, { id, expectedVersion });
    return request.body(null, 204);
  },
);
