import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context as HonoContext } from "hono";
import type { Bindings } from "#platform/env";
import type { Context } from "#platform/context";

export type AppEnvironment = { Bindings: Bindings; Variables: { context: Context } };
export type App = OpenAPIHono<AppEnvironment>;
export type AppRequest = HonoContext<AppEnvironment>;
