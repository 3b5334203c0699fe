import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { isMeantBy, wordsOf } from "#features/catalog/product-words";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { errorFields } from "#platform/log";
import { readNearby } from "#platform/nearby-reads";
import { closestWord } from "./corrections.ts";
import { productNames } from "./product-names.ts";

/** How like a part of a product's name a word is whose letters slipped. */
const likenessMin = 0.3;
/** Names that a word is compared with: the first that are met, for what is meant is rarely the rarest. */
const namesPerWordMax = 300;
/** Asked for one product alone, Postgres would walk the catalogue for it instead of asking the index of words. */
const countedMax = 1_000;
const statementMsMax = 500;

const Typed = z.array(z.object({ word: z.string(), known: z.boolean(), names: z.array(z.string()) }));

/**
 * What was likely meant, from the database alone: each word that no product has becomes the one that it is closest to.
 * Undefined when there is no such word, or nothing close to it, or no time to look.
 */
export async function likelyMeant(context: Context, text: string): Promise<string | undefined> {
  const words = wordsOf(text);
  if (words.length === 0) return undefined;
  try {
    const [, { rows }] = await readNearby(context, (database) =>
      transact(database, [
        database.execute(sql`
          select set_config('pg_trgm.word_similarity_threshold', ${String(likenessMin)}, true),
            set_config('statement_timeout', ${String(statementMsMax)}, true)`),
        database.execute(selectLikeNames(words)),
      ]),
    );
    return corrected(Typed.parse(rows));
  } catch (error) {
    context.log("warn", "no correction of a search without the index", errorFields(error));
    return undefined;
  }
}

/** Numbers, sizes and SKUs name one thing exactly: another that looks like it was not meant. */
const isExact = (word: string) => /\p{N}/u.test(word);

function corrected(typed: z.infer<typeof Typed>): string | undefined {
  const words = typed.map(({ word, known, names }) => {
    if (known) return word;
    return isExact(word) ? undefined : closestWord(word, names);
  });
  const isSlip = typed.some(({ known }) => !known) && !words.includes(undefined);
  return isSlip ? words.join(" ") : undefined;
}

/** `[{ word, known, names }]`: the names are of products on sale and like the word, and only looked for if no product has it. */
export function selectLikeNames(words: readonly string[]): SQL {
  const typed = words.map(
    (word, place) => sql`
      select ${place}::int as place, ${word} as word,
        (select count(*) from (
          select from products p where p.status = 'active' and ${isMeantBy(word)} limit ${countedMax}) found) > 0 as known`,
  );
  return sql`
    with typed as materialized (${sql.join(typed, sql` union all `)})
    select word, known, to_jsonb(array(
      select ${productNames} from products p
      where not typed.known and p.status = 'active' and typed.word <% ${productNames}
      limit ${namesPerWordMax})) as names
    from typed order by place`;
}
