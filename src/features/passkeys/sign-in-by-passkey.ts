import type { SignedIn } from "#features/auth/schema";
import { signIn } from "#features/auth/sign-in";
import type { Context } from "#platform/context";
import { provePasskey } from "./prove-passkey.ts";
import type { PasskeyAnswer } from "./schema.ts";

/**
 * Opens a session by a passkey, which is two factors in one: the device, and the finger, face or PIN that it asked for.
 * @throws AppError passkey_refused.
 */
export async function signInByPasskey(
  context: Context,
  { answer, userAgent }: { answer: PasskeyAnswer; userAgent: string | undefined },
): Promise<SignedIn> {
  const userId = await provePasskey(context, answer);
  return signIn(context, { userId, methods: ["passkey"], userAgent });
}
