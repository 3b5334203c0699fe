import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import type { ImportReport } from "./import-report.ts";
import { findReport } from "./import-run.ts";

/** @throws AppError not_found. */
export async function readImport(context: Context, importId: string): Promise<ImportReport> {
  const report = await findReport(context, importId);
  if (report === undefined) throw new AppError("not_found", { detail: "There was no import with this id." });
  return report;
}
