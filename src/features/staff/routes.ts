import { z } from "@hono/zod-openapi";
import { requiredVersion } from "#http/conditional";
import { requireContentType } from "#http/content-type";
import { describeRoute } from "#http/describe-route";
import { acceptsKey, keyErrors, keyHeaders, writeOnce } from "#http/idempotency";
import { bodyErrors, createRouter, json, jsonBody, problems } from "#http/openapi";
import { pageOf, pageQuery, pageRequestOf, pageToWire } from "#http/pagination";
import { ifMatchHeaders, mergePatch, mergePatchBody, versioned, withEtag } from "#http/versioned";
import { forgetFactorsOfMember } from "./help-member.ts";
import { appointStaff, changeMember, dismissStaff, listStaff, readMember } from "./members.ts";
import { changeRole, createRole, listRoles, readRole, removeRole } from "./roles.ts";
import {
  Appointment,
  Dismissal,
  MemberId,
  MemberPatch,
  MemberWire,
  NewRole,
  RoleId,
  RolePatch,
  RoleWire,
} from "./schema.ts";

/** Who belongs to the staff, and what they may do. */
export const staffRoutes = createRouter();

const tags = ["staff"];
const memberParam = z.object({ id: MemberId });
const roleParam = z.object({ id: RoleId });
const versionErrors = ["not_found", "if_match_required", "version_mismatch", "conflict"] as const;

staffRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/staff",
    summary: "Everybody of the staff",
    request: { query: z.strictObject(pageQuery) },
    responses: { 200: json(pageOf(MemberWire), "A page of the staff."), ...problems("invalid_cursor") },
  }),
  async (request) => {
    const page = await listStaff(request.var.context, pageRequestOf(request.req.valid("query")));
    return request.json(pageToWire(page, asItIs), 200);
  },
);

staffRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/admin/staff",
    summary: "Make an account one of the staff",
    description: "It takes effect when the account's tokens are refreshed, or at its next sign-in.",
    request: { headers: keyHeaders, body: jsonBody(Appointment) },
    responses: {
      201: versioned(MemberWire, "The new member."),
      ...problems(...bodyErrors, ...keyErrors, "not_found", "already_staff", "conflict"),
    },
  }),
  async (request) => {
    const input = request.req.valid("json");
    const member = await writeOnce(request, { body: input, status: 201 }, (context) =>
      appointStaff(context, input),
    );
    return request.json(withEtag(request, member), 201);
  },
);

staffRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/staff/{id}",
    summary: "One of the staff",
    request: { params: memberParam },
    responses: { 200: versioned(MemberWire, "The member."), ...problems("not_found") },
  }),
  async (request) => {
    const member = await readMember(request.var.context, request.req.valid("param").id);
    return request.json(withEtag(request, member), 200);
  },
);

staffRoutes.openapi(
  describeRoute({
    tags,
    middleware: requireContentType(mergePatch),
    method: "patch",
    path: "/admin/staff/{id}",
    summary: "Change what one of the staff may do, at once",
    request: {
      params: memberParam,
      headers: ifMatchHeaders.extend(acceptsKey),
      body: mergePatchBody(MemberPatch),
    },
    responses: {
      200: versioned(MemberWire, "The member as it is now."),
      ...problems(...versionErrors, ...bodyErrors, ...keyErrors, "last_admin"),
    },
  }),
  async (request) => {
    const address = { id: request.req.valid("param").id, version: requiredVersion(request) };
    const body = request.req.valid("json");
    const member = await writeOnce(request, { body, status: 200 }, (context) =>
      changeMember(context, address, body),
    );
    return request.json(withEtag(request, member), 200);
  },
);

staffRoutes.openapi(
  describeRoute({
    tags,
    method: "delete",
    path: "/admin/staff/{id}",
    summary: "Dismiss one of the staff; the account stays a customer's",
    description:
      "API keys belong to the shop and outlive their maker's dismissal, but the maker has seen them: while any are good, say what becomes of them.",
    request: { params: memberParam, headers: ifMatchHeaders, query: Dismissal },
    responses: {
      204: { description: "Has lost all power" },
      ...problems(...versionErrors, "last_admin", "api_keys_undecided"),
    },
  }),
  async (request) => {
    const address = { id: request.req.valid("param").id, version: requiredVersion(request) };
    await dismissStaff(request.var.context, address, request.req.valid("query").api_keys);
    return request.body(null, 204);
  },
);

staffRoutes.openapi(
  describeRoute({
    tags,
    method: "delete",
    path: "/admin/staff/{id}/second-factors",
    summary: "Take lost second factors from one of the staff: authenticator app, recovery codes and passkeys",
    description:
      "For a member who can no longer sign in. Ends every session, and tells the member by mail. Nobody does it to whom holds permissions that they do not have. Without factors nothing happens.",
    request: { params: memberParam },
    responses: {
      204: { description: "The account asks for no second factor, and has no passkey." },
      ...problems("not_found", "conflict"),
    },
  }),
  async (request) => {
    await forgetFactorsOfMember(request.var.context, request.req.valid("param").id);
    return request.body(null, 204);
  },
);

staffRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/roles",
    summary: "The roles of the staff, the built-in ones first",
    request: { query: z.strictObject(pageQuery) },
    responses: { 200: json(pageOf(RoleWire), "A page of the roles."), ...problems("invalid_cursor") },
  }),
  async (request) => {
    const page = await listRoles(request.var.context, pageRequestOf(request.req.valid("query")));
    return request.json(pageToWire(page, asItIs), 200);
  },
);

staffRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/admin/roles",
    summary: "Define a role",
    request: { headers: keyHeaders, body: jsonBody(NewRole) },
    responses: {
      201: versioned(RoleWire, "The new role."),
      ...problems(...bodyErrors, ...keyErrors, "role_name_taken"),
    },
  }),
  async (request) => {
    const input = request.req.valid("json");
    const role = await writeOnce(request, { body: input, status: 201 }, (context) =>
      createRole(context, input),
    );
    return request.json(withEtag(request, role), 201);
  },
);

staffRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/roles/{id}",
    summary: "A role",
    request: { params: roleParam },
    responses: { 200: versioned(RoleWire, "The role."), ...problems("not_found") },
  }),
  async (request) => {
    const role = await readRole(request.var.context, request.req.valid("param").id);
    return request.json(withEtag(request, role), 200);
  },
);

staffRoutes.openapi(
  describeRoute({
    tags,
    middleware: requireContentType(mergePatch),
    method: "patch",
    path: "/admin/roles/{id}",
    summary: "Change a role for all who hold it, at once",
    request: {
      params: roleParam,
      headers: ifMatchHeaders.extend(acceptsKey),
      body: mergePatchBody(RolePatch),
    },
    responses: {
      200: versioned(RoleWire, "The role as it is now."),
      ...problems(...versionErrors, ...bodyErrors, ...keyErrors, "role_built_in", "role_name_taken"),
    },
  }),
  async (request) => {
    const address = { id: request.req.valid("param").id, version: requiredVersion(request) };
    const body = request.req.valid("json");
    const role = await writeOnce(request, { body, status: 200 }, (context) =>
      changeRole(context, address, body),
    );
    return request.json(withEtag(request, role), 200);
  },
);

staffRoutes.openapi(
  describeRoute({
    tags,
    method: "delete",
    path: "/admin/roles/{id}",
    summary: "Remove a role that nobody holds",
    request: { params: roleParam, headers: ifMatchHeaders },
    responses: {
      204: { description: "It is gone" },
      ...problems(...versionErrors, "role_built_in", "role_in_use"),
    },
  }),
  async (request) => {
    const address = { id: request.req.valid("param").id, version: requiredVersion(request) };
    await removeRole(request.var.context, address);
    return request.body(null, 204);
  },
);

const asItIs = <Item>(item: Item): Item => item;
