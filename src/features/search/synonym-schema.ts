import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";

export const synonymLimits = { groupsMax: 1_000, wordsMax: 20, wordCharactersMax: 60 } as const;

export const SynonymId = idSchema("synonym");

/** One word or a few, in the form in which they are compared: lower case, single spaces. */
const word = z
  .string()
  .max(synonymLimits.wordCharactersMax)
  .transform((text) => text.normalize("NFC").toLowerCase().replaceAll(/\s+/g, " ").trim())
  .pipe(z.string().regex(/^(?=.*[\p{L}\p{N}])[^\p{Cc}\p{Cs}]+$/u, "a word of letters or digits"));

const words = z
  .array(word)
  .min(1)
  .max(synonymLimits.wordsMax)
  .transform((list) => [...new Set(list)])
  .openapi({ example: ["jacket", "coat", "anorak"] });

const input = word.nullable().openapi({
  description:
    "null: whoever types one of the words finds the others, too. Else only whoever types this finds the words, and not the other way round.",
  example: null,
});

const meaning = {
  message: "needs two words or more without an input, and words other than the input with one",
  path: ["words"],
};

export const NewSynonym = z
  .strictObject({ input: input.default(null), words })
  .refine(meansSomething, meaning)
  .openapi("NewSearchSynonym");
export type NewSynonym = z.infer<typeof NewSynonym>;

/** Both together say what is meant, so a change replaces both. */
export const SynonymChange = z
  .strictObject({ input, words })
  .refine(meansSomething, meaning)
  .openapi("SearchSynonymChange");

export const SynonymWire = z
  .strictObject({
    id: z.string(),
    input: z.string().nullable(),
    words: z.array(z.string()),
    version: z.int(),
    updated_at: z.iso.datetime(),
  })
  .openapi("SearchSynonym");
export type SynonymWire = z.infer<typeof SynonymWire>;

function meansSomething(group: { input: string | null; words: readonly string[] }): boolean {
  return group.input === null ? group.words.length >= 2 : !group.words.includes(group.input);
}
