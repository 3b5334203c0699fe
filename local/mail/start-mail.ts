import type { IncomingMessage, ServerResponse } from "node:http";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import type { z } from "zod";

import {
  close,
  createHttpServer,
  listen,
  parseJson,
  readBody,
  sendJson,
  sendProblem,
} from "../http-server.ts";
import { sendPage } from "../page.ts";
import type { RunningService, ServiceOptions } from "../service.ts";
import { renderInbox, renderMessage, renderMissing } from "./inbox-page.ts";
import { openMessageStore, type MessageStore } from "./message-store.ts";
import { IdempotencyKey, NewMessage } from "./message.ts";

const BODY_BYTES_MAX = 4 * 1024 * 1024;

export type MailOptions = ServiceOptions & {
  /** The Bearer key of those who send. Reading needs none: the inbox is for whoever sits at this machine. */
  apiKey: string;
};

type Mail = { store: MessageStore; apiKey: string };

/** A transactional mail API whose mails stay here, in an inbox for the browser. */
export async function startMail({ port, stateFolder, log, apiKey }: MailOptions): Promise<RunningService> {
  await mkdir(stateFolder, { recursive: true });
  const store = openMessageStore(join(stateFolder, "mail.sqlite"));
  const mail = { store, apiKey };
  const server = createHttpServer({ log, answer: (request, response) => route(mail, request, response) });
  try {
    const url = await listen(server, port);
    log(`Mail at ${url}: open it in a browser to read what the shop sends`);
    return {
      url,
      stop: async () => {
        await close(server);
        store.close();
      },
    };
  } catch (fault) {
    store.close();
    throw fault;
  }
}

async function route(mail: Mail, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://mail.local");
  // The inbox's form sends an empty field as `?to=`, which asks for everything.
  const recipient = url.searchParams.getAll("to").find((address) => address !== "");
  const viewed = /^\/messages\/([^/]+)\/view$/.exec(url.pathname)?.[1];
  switch (`${request.method} ${viewed === undefined ? url.pathname : "/messages/:id/view"}`) {
    case "POST /messages":
      return acceptMessage(mail, request, response);
    case "GET /messages":
      return sendJson(response, 200, { messages: mail.store.list(recipient) });
    case "GET /":
      return sendPage(response, 200, renderInbox(mail.store.list(recipient), recipient));
    case "GET /messages/:id/view":
      return viewMessage(mail, viewed, response);
    default:
      return sendProblem(response, 404, {
        code: "not_found",
        detail: `There is no ${request.method} ${url.pathname}.`,
      });
  }
}

async function acceptMessage(mail: Mail, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request, BODY_BYTES_MAX);
  if (request.headers.authorization !== `Bearer ${mail.apiKey}`) {
    sendProblem(response, 401, { code: "unauthorized", detail: "Send the API key as a Bearer token." });
    return;
  }
  const message = NewMessage.safeParse(parseJson(body));
  const keyInHeader = IdempotencyKey.optional().safeParse(request.headers["idempotency-key"]);
  if (!message.success || !keyInHeader.success) {
    const issues = [...(message.error?.issues ?? []), ...(keyInHeader.error?.issues ?? [])];
    sendProblem(response, 422, invalidMessage(issues));
    return;
  }
  const key = keyInHeader.data ?? message.data.idempotency_key;
  const id = mail.store.accept({ ...message.data, idempotency_key: key });
  sendJson(response, 201, { id });
}

function invalidMessage(issues: readonly z.core.$ZodIssue[]) {
  const errors = issues.map(({ path, message }) => ({ pointer: `/${path.join("/")}`, detail: message }));
  return { code: "invalid_message", detail: "The message was not accepted; `errors` says why.", errors };
}

function viewMessage(mail: Mail, id: string | undefined, response: ServerResponse): void {
  const message = id === undefined ? undefined : mail.store.find(id);
  if (message === undefined) sendPage(response, 404, renderMissing());
  else sendPage(response, 200, renderMessage(message));
}
