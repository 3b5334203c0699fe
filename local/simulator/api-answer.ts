import type { IncomingMessage, ServerResponse } from "node:http";

export type ApiAnswer = {
  status: number;
  headers: Record<string, string>;
  body: string;
  /** The caller never hears of it: the connection is to be cut instead of answered. */
  isLost: boolean;
};

export function sendAnswer(request: IncomingMessage, response: ServerResponse, answer: ApiAnswer): void {
  if (answer.isLost) {
    request.socket.destroy();
    return;
  }
  const type = answer.body === "" ? {} : { "content-type": "application/json" };
  response.writeHead(answer.status, { ...type, ...answer.headers });
  response.end(answer.body);
}
