import { getCookie, setCookie } from "hono/cookie";
import type { AppRequest } from "./app-types.ts";

/**
 * The one cookie of this API: it binds a sign-in at a provider to the browser that began it, and means nothing
 * elsewhere. The name's prefix makes browsers refuse it from anywhere but this very host over TLS. Over plain HTTP,
 * which is for a machine's own addresses only, browsers differ about such cookies, so there it goes without.
 */
function cookieFor(request: AppRequest) {
  const secure = request.var.context.settings.PUBLIC_URL.startsWith("https:");
  return { name: secure ? "__Host-sign-in" : "sign-in", secure };
}

export function readBrowserSecret(request: AppRequest): string | undefined {
  const secret = getCookie(request, cookieFor(request).name);
  return secret !== undefined && /^[\w-]{43}$/.test(secret) ? secret : undefined;
}

/** Lax: the browser comes back from the provider by a link, which is the one cross-site request that carries it. */
export function giveBrowserSecret(request: AppRequest, secret: string, seconds: number): void {
  const { name, secure } = cookieFor(request);
  setCookie(request, name, secret, { path: "/", httpOnly: true, secure, sameSite: "Lax", maxAge: seconds });
}
