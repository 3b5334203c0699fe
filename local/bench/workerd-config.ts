/** One Worker as bare workerd serves it, with no Miniflare around it. */
export type WorkerPlan = {
  port: number;
  /** Path of the bundle, relative to the folder of the configuration. */
  bundle: string;
  compatibilityDate: string;
  compatibilityFlags: readonly string[];
  /** Bindings of text: the settings and the vars. */
  settings: Record<string, string>;
  /** Binding name to class. */
  durableObjects: Record<string, string>;
  /** Where the objects are stored, and the port on which a POST runs the scheduled handler. */
  objectStorage?: { folder: string; sweepPort: number };
};

/** Workerd has no clock for cron, so that a second Worker beside the shop runs its scheduled handler when asked. */
const SWEEPER = `export default {
  async fetch(request, { SHOP }) {
    const { outcome } = await SHOP.scheduled({ cron: "* * * * *" });
    return new Response(outcome, { status: outcome === "ok" ? 200 : 500 });
  },
};`;

/** The configuration that workerd reads, in Cap'n Proto's text form. */
export function describeWorkerd(plan: WorkerPlan): string {
  const { port, objectStorage } = plan;
  const services = [
    `(name = "shop", worker = ${describeWorker(plan)})`,
    `(name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true)))`,
  ];
  const sockets = [describeSocket("shop", port)];
  if (objectStorage !== undefined) {
    services.push(
      `(name = "objects", disk = (path = ${text(objectStorage.folder)}, writable = true))`,
      `(name = "sweeper", worker = ${describeSweeper(plan.compatibilityDate)})`,
    );
    sockets.push(describeSocket("sweeper", objectStorage.sweepPort));
  }
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = ${list(services)},
  sockets = ${list(sockets)},
);
`;
}

function describeWorker(plan: WorkerPlan): string {
  const objects = Object.entries(plan.durableObjects);
  const namespaces = objects.map(
    ([, className]) =>
      `(className = ${text(className)}, uniqueKey = ${text(`bench-${className}`)}, enableSql = true)`,
  );
  const bindings = [
    ...objects.map(
      ([name, className]) => `(name = ${text(name)}, durableObjectNamespace = ${text(className)})`,
    ),
    ...Object.entries(plan.settings).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
  ];
  return `(
    modules = [(name = "worker.js", esModule = embed ${text(plan.bundle)})],
    compatibilityDate = ${text(plan.compatibilityDate)},
    compatibilityFlags = [${plan.compatibilityFlags.map(text).join(", ")}],
    durableObjectNamespaces = ${list(namespaces)},
    ${plan.objectStorage === undefined ? "" : `durableObjectStorage = (localDisk = "objects"),`}
    bindings = ${list(bindings)},
  )`;
}

function describeSweeper(compatibilityDate: string): string {
  return `(
    modules = [(name = "sweeper.js", esModule = ${text(SWEEPER)})],
    compatibilityDate = ${text(compatibilityDate)},
    compatibilityFlags = ["service_binding_extra_handlers"],
    bindings = [(name = "SHOP", service = "shop")],
  )`;
}

function describeSocket(service: string, port: number): string {
  return `(name = "${service}", address = "127.0.0.1:${port}", http = (), service = "${service}")`;
}

function list(items: readonly string[]): string {
  return `[\n    ${items.join(",\n    ")}\n  ]`;
}

/** Cap'n Proto escapes as C does, and so does JSON, but for characters outside ASCII, which it takes as they are. */
function text(value: string): string {
  return JSON.stringify(value);
}
