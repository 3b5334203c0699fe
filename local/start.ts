import { runStack } from "./run-stack.ts";

/** `npm start`: the whole shop on this machine, with the very bundle that is deployed. */
await runStack("worker");
