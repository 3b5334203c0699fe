import { AppError } from "#core/errors";
import type { NewEvent } from "#events/catalogue";
import { insertEvents } from "#events/record";
import type { Context } from "#platform/context";
import { lostRace, transact, violatesUnique } from "#platform/database";
import { recordAnswer } from "#platform/idempotency";
import type { AdminCategory, CategoryPatch } from "./category-schema.ts";
import {
  changeHandles,
  deleteEmptyCategory,
  expectPlace,
  holdTree,
  mergeCategory,
  selectCategory,
  selectHeight,
  selectUses,
  updateCategory,
} from "./category-store.ts";
import { mergePatched } from "./merge-patch.ts";
import { type Category, categoriesOf, selectCategories } from "./product-surroundings.ts";
import { categoryDepthMax } from "./rules.ts";

type CategoryAtVersion = { readonly id: string; readonly version: number };

/** Products that a refusal counts. */
const toldMax = 1_000;

/** @throws AppError not_found. */
export async function readCategory(context: Context, id: string): Promise<AdminCategory> {
  const category = await selectCategory(context, id);
  if (category === undefined) throw new AppError("not_found", { detail: "No category has this id." });
  return category;
}

/**
 * Renames, moves and describes a category. The tree shows it at once; products that tell of it, and what finds them,
 * follow through the outbox.
 * @throws AppError not_found, version_mismatch, invalid_request, category_handle_taken.
 */
export async function changeCategory(
  context: Context,
  address: CategoryAtVersion,
  patch: CategoryPatch,
): Promise<AdminCategory> {
  const before = await readAtVersion(context, address);
  const parentId =
    patch.parent === undefined ? before.parent_id : await placeBelow(context, before, patch.parent);
  const handle = patch.handle ?? before.handle;
  const renamed = handle !== before.handle;
  const after: AdminCategory = {
    ...before,
    handle,
    title: patch.title ?? before.title,
    parent_id: parentId,
    description: patch.description === undefined ? before.description : (patch.description ?? ""),
    image: patch.image === undefined ? before.image : patch.image,
    position: patch.position ?? before.position,
    metadata: { ...mergePatched(before.metadata, patch.metadata) },
    version: before.version + 1,
    former_handles: renamed
      ? [...before.former_handles.filter((former) => former !== handle), before.handle].toSorted()
      : before.former_handles,
  };
  const isSeenByProducts = renamed || after.title !== before.title || parentId !== before.parent_id;
  await write(context, [
    holdTree(context),
    updateCategory(context, after, before.version),
    ...(renamed ? changeHandles(context, before.id, { from: before.handle, to: handle }) : []),
    expectPlace(context, before.id, categoryDepthMax),
    insertEvents(context, eventsOf(before.id, isSeenByProducts)),
    ...recordAnswer(context, after),
  ]);
  return after;
}

/**
 * Deletes a category that has no others below it. Products keep it from being deleted, unless they are to be filed under
 * another: then it leaves the tree at once, its handles lead to the other, and the products follow through the outbox.
 * @throws AppError not_found, version_mismatch, invalid_request, category_in_use.
 */
export async function removeCategory(
  context: Context,
  address: CategoryAtVersion,
  moveProductsTo: string | undefined,
): Promise<void> {
  const before = await readAtVersion(context, address);
  const { children, products } = await selectUses(context, before.id, toldMax);
  if (children > 0)
    throw inUse(`${children} categories are below it. Move them with PATCH, or delete them first.`);
  const target = moveProductsTo === undefined ? undefined : await targetOf(context, before, moveProductsTo);
  if (products > 0 && target === undefined)
    throw inUse(
      `${products}${products === toldMax ? " or more" : ""} products are in it. Say with move_products_to where they belong.`,
    );
  await write(context, [
    holdTree(context),
    ...(target === undefined
      ? [deleteEmptyCategory(context, before.id, before.version)]
      : mergeCategory(context, before, target.id)),
    insertEvents(context, eventsOf(before.id, target !== undefined)),
    ...recordAnswer(context, null),
  ]);
}

function eventsOf(id: string, isSeenByProducts: boolean): NewEvent[] {
  const changed: NewEvent = { type: "category.changed", subject: id, data: { category_id: id } };
  const refile: NewEvent = { type: "category.refile", subject: id, data: { category_id: id, after: "" } };
  return isSeenByProducts ? [changed, refile] : [changed];
}

async function write(context: Context, statements: Parameters<typeof transact>[1]): Promise<void> {
  await transact(context.databases.primary, statements).catch((error: unknown) => {
    if (violatesUnique(error, "categories_handle_key"))
      throw new AppError("category_handle_taken", {
        detail: "Another category has this handle, or one that would follow from it; choose another.",
      });
    if (!lostRace(error)) throw error;
    throw new AppError("version_mismatch", {
      detail:
        "Somebody changed the category or its surroundings since you read it. Read it again and repeat.",
    });
  });
  context.wakeOutbox();
}

async function readAtVersion(context: Context, { id, version }: CategoryAtVersion): Promise<AdminCategory> {
  const category = await readCategory(context, id);
  if (category.version !== version)
    throw new AppError("version_mismatch", {
      detail: `Somebody changed the category since you read it. It is at "v${category.version}". Read it again and repeat.`,
    });
  return category;
}

/** @throws AppError invalid_request when there is no such category, or it is below the one that moves, or too deep. */
async function placeBelow(
  context: Context,
  category: AdminCategory,
  parent: string | null,
): Promise<string | null> {
  if (parent === null) return null;
  const above = await readWithAncestors(context, parent, "/parent");
  if (above.some(({ id }) => id === category.id))
    throw new AppError("invalid_request", { detail: "A category cannot be below itself.", errors: circle });
  if (above.length + (await selectHeight(context, category.id)) > categoryDepthMax)
    throw new AppError("invalid_request", { detail: `The tree has ${categoryDepthMax} levels at most.` });
  return named(above, parent).id;
}

const circle = [{ pointer: "/parent", code: "circle", detail: "is the category itself or below it" }];

async function targetOf(context: Context, category: AdminCategory, name: string): Promise<Category> {
  const target = named(await readWithAncestors(context, name, "/move_products_to"), name);
  if (target.id === category.id)
    throw new AppError("invalid_request", {
      detail: "Products cannot move to the category that is deleted.",
    });
  return target;
}

async function readWithAncestors(context: Context, name: string, pointer: string): Promise<Category[]> {
  const [result] = await transact(context.databases.primary, [selectCategories(context, [name])]);
  return categoriesOf(result, [name], () => pointer);
}

/** The one that was asked for; {@link categoriesOf} has made sure that it is there. */
function named(categories: readonly Category[], name: string): Category {
  const found = categories.find(({ id, handle }) => id === name || handle === name);
  if (found === undefined) throw new AppError("invalid_request", { detail: "The category does not exist." });
  return found;
}

function inUse(why: string): AppError {
  return new AppError("category_in_use", { detail: `The category is in use: ${why}` });
}
