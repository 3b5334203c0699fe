import type { EpochMs } from "#core/time";
import type { Context } from "#platform/context";
import { readyAnswersOf } from "#platform/ready-answers";
import { documentVersion } from "./cached-products.ts";
import { type Hearing, createChangeFeed } from "./change-feed.ts";
import { expireViews } from "./epoch.ts";
import { productMemory, unknownIds } from "./product-memory.ts";
import type { ProductNews } from "./sellable-memory.ts";
import { sellables } from "./sellables.ts";

type HearingOfIsolate = Hearing & Pick<Context, "bindings">;

/** What is announced of the catalogue, heard by all that this isolate keeps of it. */
export const changes = createChangeFeed<HearingOfIsolate>({
  hear: (news, context) => {
    sellables.hear(news);
    for (const each of news) expireOlder(each, context.now());
    expireViews();
    const ids = new Set(news.map(({ productId }) => productId));
    readyAnswersOf(context.bindings).hear(ids, context.now());
  },
  beginAnew: (believesFrom, context) => {
    sellables.beginAnew(believesFrom);
    readyAnswersOf(context.bindings).beginAnew(believesFrom);
  },
});

/** Whoever announced it remembers it already. */
function expireOlder({ productId, version }: ProductNews, now: EpochMs): void {
  unknownIds.delete(productId);
  const known = productMemory.get(productId, now);
  if (known !== undefined && documentVersion(known) < version) productMemory.expire(productId);
}
