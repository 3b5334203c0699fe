import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { SignJWT, importJWK } from "jose";
import { z } from "zod";
import { parseJson, readBody, sendJson } from "../http-server.ts";
import type { SigningKeys } from "./signing-keys.ts";

const BODY_BYTES_MAX = 16 * 1024;
const TOKEN_SECONDS = 300;

const Instruction = z.object({
  /** Members of the ID token, in place of the right ones; null leaves one out. */
  claims: z.record(z.string(), z.unknown()),
  /** Whether the key is the published one. */
  signed_by: z.enum(["issuer", "stranger"]).default("issuer"),
  /** Where the token endpoint redirects to in place of an answer. */
  redirect_to: z.url().optional(),
});

/**
 * An issuer that says whatever it is told to: `POST /codes` says what the ID token of a code will be. It shows how
 * the shop takes answers that no sound issuer gives.
 */
export function createContraryIssuer(issuer: string, options: { clientId: string; keys: SigningKeys }) {
  const codes = new Map<string, z.infer<typeof Instruction>>();

  const instruct = async (request: IncomingMessage, response: ServerResponse) => {
    const instruction = Instruction.safeParse(parseJson(await readBody(request, BODY_BYTES_MAX)));
    if (!instruction.success) return sendJson(response, 422, { error: z.prettifyError(instruction.error) });
    const code = randomUUID();
    codes.set(code, instruction.data);
    sendJson(response, 201, { code });
  };

  const issue = async (request: IncomingMessage, response: ServerResponse) => {
    const form = new URLSearchParams((await readBody(request, BODY_BYTES_MAX)).toString("utf8"));
    const instruction = codes.get(form.get("code") ?? "");
    if (instruction === undefined) return sendJson(response, 400, { error: "invalid_grant" });
    if (instruction.redirect_to !== undefined) {
      response.writeHead(307, { location: instruction.redirect_to }).end();
      return;
    }
    const now = Math.floor(Date.now() / 1000);
    const usual = { iss: issuer, aud: options.clientId, iat: now, exp: now + TOKEN_SECONDS };
    const claims = Object.entries({ ...usual, ...instruction.claims }).filter(([, value]) => value !== null);
    const key = await importJWK(options.keys[instruction.signed_by], "ES256");
    const idToken = await new SignJWT(Object.fromEntries(claims))
      .setProtectedHeader({ alg: "ES256", kid: "issuer" })
      .sign(key);
    sendJson(response, 200, { access_token: randomUUID(), token_type: "Bearer", id_token: idToken });
  };

  const describe = () => ({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["ES256"],
    authorization_response_iss_parameter_supported: true,
  });

  return async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
    const { d: _private, ...publicKey } = options.keys.issuer;
    switch (url.pathname) {
      case "/.well-known/openid-configuration":
        return sendJson(response, 200, describe());
      case "/jwks":
        return sendJson(response, 200, { keys: [publicKey] });
      case "/codes":
        return instruct(request, response);
      case "/token":
        return issue(request, response);
      default:
        return sendJson(response, 404, { error: "not_found" });
    }
  };
}
