import { z } from "@hono/zod-openapi";

export const StepUpProof = z
  .strictObject({
    password: z.string().normalize("NFC").min(1).max(256).openapi({ format: "password" }),
  })
  .openapi("StepUpProof");
export type StepUpProof = z.infer<typeof StepUpProof>;
