import { createServer } from "node:net";

/** A port that is free on 127.0.0.1 now; 0 asks for any. Names the setting when the port is taken. */
export function claimPort(port: number, setting: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (cause: NodeJS.ErrnoException) => {
      const message = `Postgres cannot listen on 127.0.0.1:${port} (${cause.code}). End what uses that port, or set ${setting} to another.`;
      reject(new Error(message, { cause }));
    });
    probe.listen({ port, host: "127.0.0.1" }, () => {
      const address = probe.address();
      const claimed = address !== null && typeof address === "object" ? address.port : port;
      probe.close(() => resolve(claimed));
    });
  });
}
