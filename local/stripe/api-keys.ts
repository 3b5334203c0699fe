import { InvalidParameters } from "./failure.ts";
import type { FormValue } from "./form-body.ts";
import type { Access } from "./simulation.ts";

export type Keys = { secretKey: string; publishableKey: string };

/** The key comes as Bearer, as the user name of Basic, or from a browser as the field `key`. */
export function authenticate(
  keys: Keys,
  authorization: string | undefined,
  keyField: FormValue | undefined,
): Access {
  const key = keyOfHeader(authorization) ?? (typeof keyField === "string" ? keyField : undefined);
  if (key === undefined || key === "") {
    throw unauthorised(
      "You did not provide an API key. You need to provide your API key in the Authorization header, " +
        "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    );
  }
  if (key === keys.secretKey) return "secret";
  if (key === keys.publishableKey) return "publishable";
  throw unauthorised(`Invalid API Key provided: ${key.slice(0, 8)}${"*".repeat(8)}${key.slice(-4)}`);
}

function keyOfHeader(authorization: string | undefined): string | undefined {
  const [scheme, credentials] = authorization?.split(" ") ?? [];
  if (credentials === undefined) return undefined;
  if (scheme?.toLowerCase() === "bearer") return credentials;
  if (scheme?.toLowerCase() !== "basic") return undefined;
  return Buffer.from(credentials, "base64").toString("utf8").split(":")[0];
}

function unauthorised(message: string): InvalidParameters {
  return new InvalidParameters(401, { type: "invalid_request_error", message });
}
