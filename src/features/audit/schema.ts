import { z } from "@hono/zod-openapi";

/** Which entries are wanted. */
export const auditFilters = {
  actor: z.string().max(100).optional().openapi({ description: "Whose acts: a user's or an API key's id." }),
  action: z
    .string()
    .max(200)
    .optional()
    .openapi({ description: "Of one route, such as `POST /admin/products`." }),
};

export const AuditEntryWire = z
  .object({
    sequence: z.int().openapi({ description: "Gapless, from 1." }),
    previous_hash: z.string(),
    hash: z.string().openapi({
      description: "SHA-256 over `previous_hash`, `sequence` and `content`, a line feed between them.",
    }),
    content: z.string().openapi({
      description:
        "Canonical JSON: `kind` is `act` before it is done, or `outcome`, which names the act by `of`. What is personal or secret is withheld.",
    }),
    recorded_at: z.string(),
  })
  .openapi("AuditEntry");
export type AuditEntryWire = z.infer<typeof AuditEntryWire>;

export const AuditHead = z.object({ sequence: z.int(), hash: z.string() }).openapi("AuditHead", {
  description: "The newest entry. Kept elsewhere, it shows later that none was cut off.",
});
