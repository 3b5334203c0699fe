import { WebSocket } from "ws";
import { z } from "zod";
import { ServerMessage } from "#durable-objects/rooms/messages";
import { type Identity, ticketOf } from "./buyer.ts";

export type Listener = {
  readonly heard: ServerMessage[];
  /** What was heard of orders, as `type of id`. */
  readonly told: () => string[];
  readonly close: () => void;
};

/** A WebSocket of this buyer that is open and has been greeted. */
export async function listen(identity: Identity): Promise<Listener> {
  const { url } = await ticketOf(identity);
  const socket = new WebSocket(url);
  const heard: ServerMessage[] = [];
  await new Promise<void>((resolve, reject) => {
    socket.on("error", reject);
    socket.addEventListener("message", ({ data }) => {
      heard.push(readMessage(z.string().parse(data)));
      resolve();
    });
  });
  return { heard, told: () => toldIn(heard), close: () => socket.terminate() };
}

export function readMessage(text: string): ServerMessage {
  return ServerMessage.parse(JSON.parse(text));
}

export function toldIn(heard: readonly ServerMessage[]): string[] {
  return heard.flatMap((message) =>
    "data" in message ? [`${message.type} of ${message.data.order_id}`] : [],
  );
}

const Problem = z.object({ status: z.int(), code: z.string() });

/** The problem with which the upgrade of this URL is refused; fails when it is not. */
export function refusalOf(url: string, origin?: string): Promise<z.infer<typeof Problem>> {
  const socket = new WebSocket(url, origin === undefined ? {} : { origin });
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("open", () => {
      socket.terminate();
      reject(new Error("the WebSocket was opened"));
    });
    socket.on("unexpected-response", (_request, response) => {
      let text = "";
      response.on("data", (chunk) => (text += String(chunk)));
      response.on("end", () => resolve(Problem.parse(JSON.parse(text))));
    });
  });
}
