import "@cloudflare/vitest-plugin/types";
import type { Bindings } from "#platform/env";

declare global {
  namespace Cloudflare {
    /** What `env` of "cloudflare:workers" holds inside workerd. */
    interface Env extends Bindings {}
  }
}
