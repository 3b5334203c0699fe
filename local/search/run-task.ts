import { z } from "zod";
import {
  addDocuments,
  deleteDocuments,
  DocumentAddition,
  DocumentDeletion,
  type TaskContext,
} from "./document-tasks.ts";
import {
  compactIndex,
  createIndex,
  deleteIndex,
  IndexCreation,
  IndexSwaps,
  IndexUpdate,
  SettingsUpdate,
  swapIndexes,
  updateIndex,
  updateSettings,
} from "./index-tasks.ts";
import { taskConditionOf } from "./task-filter.ts";
import type { Task, TaskDetails, TaskStore } from "./task-store.ts";

const OriginalFilter = z.object({ originalFilter: z.string() });

/** Does what a task says. What is thrown here becomes the error of the task. */
export async function runTask(
  task: Task,
  payload: unknown,
  context: TaskContext & { tasks: TaskStore },
): Promise<TaskDetails> {
  const indexUid = task.indexUid ?? "";
  switch (task.type) {
    case "documentAdditionOrUpdate":
      return addDocuments(indexUid, DocumentAddition.parse(payload), context);
    case "documentDeletion":
      return deleteDocuments(indexUid, DocumentDeletion.parse(payload), context);
    case "settingsUpdate":
      return updateSettings(indexUid, SettingsUpdate.parse(payload), context);
    case "indexCreation":
      return createIndex(indexUid, IndexCreation.parse(payload), context);
    case "indexDeletion":
      return deleteIndex(indexUid, context);
    case "indexUpdate":
      return updateIndex(indexUid, IndexUpdate.parse(payload), context);
    case "indexSwap":
      return swapIndexes(IndexSwaps.parse(payload), context);
    case "indexCompaction":
      return compactIndex(indexUid, context);
    case "taskCancelation":
      return { canceledTasks: context.tasks.cancelWaiting(originalCondition(task), task.uid) };
    case "taskDeletion":
      return { deletedTasks: context.tasks.removeFinished(originalCondition(task)) };
  }
}

function originalCondition({ details }: Task) {
  const { originalFilter } = OriginalFilter.parse(details);
  return taskConditionOf(new URLSearchParams(originalFilter));
}
