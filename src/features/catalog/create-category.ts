import { AppError } from "#core/errors";
import { newId } from "#core/ids";
import type { RecordedEvent } from "#events/catalogue";
import { insertEvents } from "#events/record";
import type { Context } from "#platform/context";
import { transact, violatesUnique } from "#platform/database";
import { recordAnswer } from "#platform/idempotency";
import type { NewCategory } from "./category-schema.ts";
import { changes } from "./changes.ts";
import { advanceEpoch, placeOf, selectPlace } from "./epoch.ts";
import { insertCategories } from "./product-writes.ts";
import { categoriesOf, selectCategories } from "./product-surroundings.ts";
import { categoryDepthMax, handleFrom } from "./rules.ts";
import type { CategoryLink } from "./schema.ts";

/**
 * Makes a category under another or at the top; its handle tells its place, as an import's do.
 * @throws AppError invalid_request, category_handle_taken.
 */
export async function createCategory(context: Context, input: NewCategory): Promise<CategoryLink> {
  const { primary } = context.databases;
  const names = input.parent === null ? [] : [input.parent];
  const above = categoriesOf(
    (await transact(primary, [selectCategories(context, names)]))[0],
    names,
    () => "/parent",
  );
  if (above.length >= categoryDepthMax)
    throw new AppError("invalid_request", { detail: `The tree has ${categoryDepthMax} levels at most.` });
  const parent = above.find(({ id, handle }) => id === input.parent || handle === input.parent);
  const own = handleFrom(input.title);
  const handle = input.handle ?? (parent === undefined ? own : `${parent.handle}/${own}`);
  if (own === "" && input.handle === undefined)
    throw new AppError("invalid_request", {
      detail: "The title has no letters to make a handle of; send one.",
    });
  const category = {
    id: newId("category", context.now()),
    handle,
    title: input.title,
    parent_id: parent?.id ?? null,
  };
  try {
    await transact(primary, [
      insertCategories(context, [category]),
      insertEvents(context, [
        { type: "category.made", subject: category.id, data: { category_id: category.id } },
      ]),
      ...recordAnswer(context, category),
    ]);
  } catch (error) {
    if (!violatesUnique(error, "categories_handle_key")) throw error;
    throw new AppError("category_handle_taken", {
      detail: `Another category has the handle "${handle}"; choose another.`,
    });
  }
  context.wakeOutbox();
  return category;
}

/** The tree that was read before has not seen the change. */
export async function announceCategory(
  context: Context,
  _event: RecordedEvent<"category.made" | "category.changed">,
): Promise<void> {
  const { primary } = context.databases;
  await advanceEpoch(context, placeOf(await selectPlace(primary)));
  await changes.announce(context, []);
}
