import { AppError } from "#core/errors";
import { commonPasswords } from "./common-passwords.ts";

type PasswordFault = { code: string; detail: string };

/**
 * What is wrong with a new password beyond its length, after NIST SP 800-63B: no rules of composition, but nothing that
 * is guessed first.
 */
function faultOf(password: string, email: string): PasswordFault | undefined {
  const lowered = password.toLowerCase();
  const address = email.toLowerCase();
  const [mailbox = ""] = address.split("@");
  if (lowered === address || lowered === mailbox)
    return { code: "same_as_email", detail: "must not be the e-mail address" };
  if (commonPasswords.has(lowered) || new Set(lowered).size === 1)
    return { code: "too_common", detail: "is among the passwords that are guessed first; choose another" };
  return undefined;
}

/** @throws AppError invalid_request at the given field when the password would be guessed. */
export function refuseWeakPassword(password: string, email: string, pointer = "/password"): void {
  const fault = faultOf(password, email);
  if (fault === undefined) return;
  throw new AppError("invalid_request", {
    detail: "This password would be guessed; choose another.",
    errors: [{ pointer, ...fault }],
  });
}
