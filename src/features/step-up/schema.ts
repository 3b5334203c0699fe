import { z } from "@hono/zod-openapi";
import { CodeProof, RecoveryProof } from "#features/mfa/schema";
import { PasskeyProof } from "#features/passkeys/schema";

const PasswordProof = z
  .strictObject({ password: z.string().normalize("NFKC").min(1).max(256).openapi({ format: "password" }) })
  .openapi("PasswordProof");

export const StepUpProof = z
  .union([PasswordProof, CodeProof, RecoveryProof, PasskeyProof])
  .openapi("StepUpProof");
export type StepUpProof = z.infer<typeof StepUpProof>;
