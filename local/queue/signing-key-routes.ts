import { json, type Route } from "./route.ts";

export const signingKeyRoutes: Route[] = [
  { method: "GET", path: "/v2/keys", answer: ({ store }) => json(200, store.signingKeys.read()) },
  { method: "POST", path: "/v2/keys/rotate", answer: ({ store }) => json(200, store.signingKeys.rotate()) },
];
