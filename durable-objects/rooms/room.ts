import { Server } from "partyserver";
import type { Bindings } from "#platform/env";

/** The sockets of one audience: a buyer, or everybody who follows promotions. */
export class RoomObject extends Server<Bindings & Cloudflare.Env> {}
