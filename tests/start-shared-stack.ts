import type { TestProject } from "vitest/node";
import type { Addresses } from "#local/stack-plan";
import { startOwnStack } from "./own-stack.ts";

declare module "vitest" {
  export interface ProvidedContext {
    addresses: Addresses;
    stateFolder: string;
  }
}

/** One real stack for all tests of the project, each of which makes its own customers and products in it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = await startOwnStack();
  project.provide("addresses", stack.addresses);
  project.provide("stateFolder", stack.stateFolder);
  return stack.end;
}
