import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";
import { describeRoute } from "#http/describe-route";
import { neededKeyErrors, neededKeyHeaders, writeOnceByKey } from "#http/idempotency";
import { bodyErrors, createRouter, json, jsonBody, optionalJsonBody, problems } from "#http/openapi";
import { pageOf, pageQuery, pageRequestOf, pageToWire } from "#http/pagination";
import { orderChangeErrors } from "#features/orders/schema";
import { listAllReturns } from "./list-returns.ts";
import { approveReturn, closeReturn, declineReturn, receiveReturn, requireReturn } from "./move-return.ts";
import { presentReturn } from "./present-return.ts";
import { openReturn } from "./request-return.ts";
import { returnStatuses } from "./rules.ts";
import { DecideReturn, ReceiveReturn, RequestReturn, ReturnWire } from "./schema.ts";

export const returnAdminRoutes = createRouter();

const tags = ["returns (staff)"];
const returnParam = z.object({ id: idSchema("return") });
const returnAnswer = { 200: json(ReturnWire, "The return as it stands now.") };
const moveProblems = [...neededKeyErrors, ...orderChangeErrors] as const;

returnAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/returns",
    summary: "All returns, newest first",
    request: { query: z.strictObject({ status: z.enum(returnStatuses).optional(), ...pageQuery }) },
    responses: {
      200: json(pageOf(ReturnWire), "A page of returns."),
      ...problems("invalid_cursor"),
    },
  }),
  async (request) => {
    const { status, ...query } = request.req.valid("query");
    const page = await listAllReturns(request.var.context, status, pageRequestOf(query));
    return request.json(
      pageToWire(page, (each) => each),
      200,
    );
  },
);

returnAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "get",
    path: "/admin/returns/{id}",
    summary: "Any return",
    request: { params: returnParam },
    responses: { ...returnAnswer, ...problems("not_found") },
  }),
  async (request) =>
    request.json(presentReturn(await requireReturn(request.var.context, request.req.valid("param").id)), 200),
);

returnAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/admin/orders/{id}/returns",
    summary: "Open a return on the buyer's behalf",
    request: {
      params: z.object({ id: idSchema("order") }),
      headers: neededKeyHeaders,
      body: jsonBody(RequestReturn),
    },
    responses: {
      201: json(ReturnWire, "The return, waiting for a decision."),
      ...problems(...moveProblems, ...bodyErrors, "return_exceeds_delivery"),
    },
  }),
  async (request) => {
    const { id } = request.req.valid("param");
    const input = request.req.valid("json");
    const answer = await writeOnceByKey(request, { body: input, status: 201 }, (context) =>
      openReturn(context, id, input),
    );
    return request.json(answer, 201);
  },
);

for (const { path, summary, decide } of [
  {
    path: "/admin/returns/{id}/approve",
    summary: "Let the buyer send the goods back, and tell them by mail",
    decide: approveReturn,
  },
  {
    path: "/admin/returns/{id}/decline",
    summary: "Refuse a return, and tell the buyer by mail",
    decide: declineReturn,
  },
] as const)
  returnAdminRoutes.openapi(
    describeRoute({
      tags,
      method: "post",
      path,
      summary,
      request: { params: returnParam, headers: neededKeyHeaders, body: optionalJsonBody(DecideReturn) },
      responses: { ...returnAnswer, ...problems(...moveProblems, ...bodyErrors) },
    }),
    async (request) => {
      const { id } = request.req.valid("param");
      const input = request.req.valid("json");
      const answer = await writeOnceByKey(request, { body: input, status: 200 }, (context) =>
        decide(context, id, input),
      );
      return request.json(answer, 200);
    },
  );

returnAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/admin/returns/{id}/receive",
    summary: "Note what has come back, and what of it goes back on sale",
    description: "May be repeated with another key for goods that come in several parcels.",
    request: { params: returnParam, headers: neededKeyHeaders, body: jsonBody(ReceiveReturn) },
    responses: { ...returnAnswer, ...problems(...moveProblems, ...bodyErrors, "return_exceeds_delivery") },
  }),
  async (request) => {
    const { id } = request.req.valid("param");
    const input = request.req.valid("json");
    const answer = await writeOnceByKey(request, { body: input, status: 200 }, (context) =>
      receiveReturn(context, id, input),
    );
    return request.json(answer, 200);
  },
);

returnAdminRoutes.openapi(
  describeRoute({
    tags,
    method: "post",
    path: "/admin/returns/{id}/close",
    summary: "Wait for nothing more of a return",
    request: { params: returnParam, headers: neededKeyHeaders },
    responses: { ...returnAnswer, ...problems(...moveProblems) },
  }),
  async (request) => {
    const { id } = request.req.valid("param");
    const answer = await writeOnceByKey(request, { status: 200 }, (context) => closeReturn(context, id));
    return request.json(answer, 200);
  },
);
