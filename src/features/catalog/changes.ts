import type { Context } from "#platform/context";
import { readyAnswersOf } from "#platform/ready-answers";
import { type Hearing, createChangeFeed } from "./change-feed.ts";
import { expireViews } from "./epoch.ts";
import { productMemory, unknownIds } from "./product-memory.ts";
import { sellables } from "./sellables.ts";

type HearingOfIsolate = Hearing & Pick<Context, "bindings">;

/** What is announced of the catalogue, heard by all that this isolate keeps of it. */
export const changes = createChangeFeed<HearingOfIsolate>({
  hear: (news, context) => {
    sellables.hear(news);
    const ids = new Set(news.map(({ productId }) => productId));
    for (const id of ids) {
      productMemory.expire(id);
      unknownIds.delete(id);
    }
    expireViews();
    readyAnswersOf(context.bindings).hear(ids, context.now());
  },
  beginAnew: (believesFrom, context) => {
    sellables.beginAnew(believesFrom);
    readyAnswersOf(context.bindings).beginAnew(believesFrom);
  },
});
