import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";
import { type Permission, permissions, powerOverPower } from "#core/permissions";
import { daySeconds, keyLimits } from "./rules.ts";

export const ApiKeyId = idSchema("apiKey");

// The keys of permissions are what Permission is made of.
const names = Object.keys(permissions) as [Permission, ...Permission[]];
const [first, ...others] = names.filter((name) => !powerOverPower.has(name));
if (first === undefined) throw new Error("API keys can have no permission at all");
const KeyPermission = z.enum([first, ...others], "no API key may have this permission");

export const NewApiKey = z
  .strictObject({
    name: z.string().trim().min(1).max(keyLimits.nameCharactersMax),
    permissions: z.array(KeyPermission).min(1).max(names.length),
    expires_at: z.iso.datetime().optional().openapi({ description: "Without it the key does not expire." }),
  })
  .openapi("NewApiKey");
export type NewApiKey = z.infer<typeof NewApiKey>;

export const RotateApiKey = z
  .strictObject({
    overlap_seconds: z.int().min(0).max(keyLimits.overlapSecondsMax).default(daySeconds).openapi({
      description: "For how long the old key is good beside the new one.",
    }),
  })
  .openapi("RotateApiKey");
export type RotateApiKey = z.infer<typeof RotateApiKey>;

const moment = z.iso.datetime().nullable();

export const ApiKeyWire = z
  .object({
    id: z.string(),
    name: z.string(),
    hint: z.string().openapi({ description: "The key's last characters." }),
    permissions: z.array(z.enum(names)),
    created_by: z.string(),
    maker_standing: z.enum(["active", "suspended", "left"]).openapi({
      description:
        "Whether its maker still is of the staff. A key is the shop's and outlives that, but its maker has seen it: rotate the keys of those who left.",
    }),
    created_at: z.iso.datetime(),
    expires_at: moment,
    revoked_at: moment,
    replaced_by: z.string().nullable(),
    last_used_at: moment.openapi({ description: "To the minute." }),
  })
  .openapi("ApiKey");
export type ApiKeyWire = z.infer<typeof ApiKeyWire>;

export const ShownApiKey = ApiKeyWire.extend({
  key: z.string().openapi({ description: "Shown this once. Send it as Authorization: Bearer …" }),
}).openapi("ShownApiKey");
export type ShownApiKey = z.infer<typeof ShownApiKey>;
