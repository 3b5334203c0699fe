import { type Connection, type ConnectionContext, Server, type WSMessage } from "partyserver";
import { type EpochMs, currentTime } from "#core/time";
import type { Bindings } from "#platform/env";
import { Entry, entryHeader, refusalAtTheDoor } from "./admission.ts";
import { type TalkWindow, judgeClientMessage } from "./client-messages.ts";
import { createEventStreams } from "./event-streams.ts";
import { type CloseReason, closeCodes, pingText, pongText, roomLimits } from "./messages.ts";
import { type RoomStore, openRoomStore } from "./store.ts";
import {
  type Frame,
  type Publication,
  type PublishReply,
  append,
  greet,
  keptSince,
  streamLimits,
} from "./stream.ts";

/** Survives hibernation with the socket. */
type SocketNote = { readonly openedAt: EpochMs; readonly sessionId?: string | undefined };

/**
 * Everybody who listens to one audience, such as a buyer, and the latest that was said to it. A message is stored
 * before it is told, so whoever was away hears it on return. Sockets hibernate: a silent room costs nothing.
 */
export class RoomObject extends Server<Bindings & Cloudflare.Env> {
  static override readonly options = { hibernate: true };

  /** Calls by RPC do not pass partyserver's `onStart`, hence tables are made where they are first needed. */
  #openedStore: RoomStore | undefined;
  readonly #eventStreams = createEventStreams();
  /** A window is shorter than the silence after which an object hibernates, so memory is enough for it. */
  readonly #talk = new Map<string, TalkWindow>();

  constructor(state: DurableObjectState, bindings: Bindings & Cloudflare.Env) {
    super(state, bindings);
    state.setWebSocketAutoResponse(new WebSocketRequestResponsePair(pingText, pongText));
  }

  async publish(publication: Publication): Promise<PublishReply> {
    const now = currentTime();
    const { reply, added } = this.ctx.storage.transactionSync(() => {
      const decision = append(this.#store, publication, now);
      if (decision.added) {
        this.#store.keep(decision.added.stored);
        this.#store.forget(decision.added.trim);
      }
      return decision;
    });
    if (added) {
      this.#tell(added.frame, now);
      await this.#armCleaning(now);
    }
    return reply;
  }

  /** Closes whatever these sessions hold open; they have ended. */
  endSessions(sessionIds: readonly string[]): void {
    for (const connection of this.getConnections<SocketNote>()) {
      const sessionId = connection.state?.sessionId;
      if (sessionId !== undefined && sessionIds.includes(sessionId)) close(connection, "session_ended");
    }
    this.#eventStreams.end(sessionIds);
  }

  /** The only way in. A refusal goes back as JSON, before there is a socket. */
  override async fetch(request: Request): Promise<Response> {
    const entry = entryOf(request);
    const now = currentTime();
    this.#closeOutlived(now);
    const refusal = this.ctx.storage.transactionSync(() => this.#admit(entry, now));
    if (refusal !== undefined) return Response.json({ reason: refusal }, { status: 409 });
    await this.#armCleaning(now);
    return super.fetch(request);
  }

  /** Runs in the same turn that accepted the socket: no publication comes between the replay and what follows. */
  override onConnect(connection: Connection<SocketNote>, { request }: ConnectionContext): void {
    const { after, sessionId } = entryOf(request);
    connection.setState({ openedAt: currentTime(), sessionId });
    for (const { text } of greet(this.#store, after)) connection.send(text);
  }

  override onRequest(request: Request): Response {
    const { after, sessionId } = entryOf(request);
    return this.#eventStreams.open(greet(this.#store, after), sessionId);
  }

  override onMessage(connection: Connection<SocketNote>, message: WSMessage): void {
    const verdict = judgeClientMessage(message, this.#talk.get(connection.id), currentTime());
    this.#talk.set(connection.id, verdict.window);
    if ("answer" in verdict) connection.send(pongText);
    else close(connection, verdict.close);
  }

  override onClose(connection: Connection<SocketNote>): void {
    this.#talk.delete(connection.id);
  }

  /** A transport that broke; the client comes back with its cursor. */
  override onError(connection: Connection<SocketNote>): void {
    this.#talk.delete(connection.id);
  }

  /** Once a day: forgets what is too old, and the whole room when nobody is left in it. */
  override async onAlarm(): Promise<void> {
    const now = currentTime();
    this.#store.forget({ throughSequence: 0, keptBefore: keptSince(now) });
    if (this.#store.isEmpty() && this.#webSocketCount() + this.#eventStreams.count() === 0) {
      this.#openedStore = undefined;
      await this.ctx.storage.deleteAll();
    } else await this.#armCleaning(now);
  }

  get #store(): RoomStore {
    this.#openedStore ??= openRoomStore(this.ctx.storage.sql, crypto.randomUUID());
    return this.#openedStore;
  }

  #admit(entry: Entry, now: EpochMs) {
    const store = this.#store;
    store.forgetTickets(now);
    const { liveTickets, isRedeemed } = store;
    const refusal = refusalAtTheDoor(
      { liveTickets, isRedeemed, webSockets: this.#webSocketCount() },
      entry,
      now,
    );
    if (refusal === undefined) store.redeem(entry.ticketId, entry.expiresAt);
    return refusal;
  }

  #tell(frame: Frame, now: EpochMs): void {
    this.#closeOutlived(now);
    this.broadcast(frame.text);
    this.#eventStreams.send(frame);
  }

  #closeOutlived(now: EpochMs): void {
    for (const connection of this.getConnections<SocketNote>()) {
      const { openedAt } = connection.state ?? { openedAt: now };
      if (now - openedAt > roomLimits.webSocketMsMax) close(connection, "ticket_outlived");
    }
  }

  #webSocketCount(): number {
    return [...this.getConnections()].length;
  }

  async #armCleaning(now: EpochMs): Promise<void> {
    const armed = await this.ctx.storage.getAlarm();
    if (armed === null) await this.ctx.storage.setAlarm(now + streamLimits.ageMsMax);
  }
}

function entryOf(request: Request): Entry {
  return Entry.parse(JSON.parse(request.headers.get(entryHeader) ?? "null"));
}

function close(connection: Connection, reason: CloseReason): void {
  connection.close(closeCodes[reason], reason);
}
