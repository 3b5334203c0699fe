import { runStack } from "./run-stack.ts";

/** `npm run dev`: the whole shop, with wrangler and hot reload in place of the finished bundle. */
await runStack("dev");
