import type { Settings } from "../settings.ts";
import { parseSettingsChange, resetOfAllSettings, SETTING_ROUTES, type SettingsChange } from "../settings.ts";
import {
  accepted,
  type Call,
  jsonBody,
  ok,
  parseJson,
  type Reply,
  type Route,
  type Services,
} from "./route.ts";

export const settingsRoutes: Route[] = [
  {
    method: "GET",
    path: "/indexes/:index/settings",
    action: "settings.get",
    handle: ({ parameter }, { store }) => ok(store.getIndex(parameter("index")).settings),
  },
  {
    method: "PATCH",
    path: "/indexes/:index/settings",
    action: "settings.update",
    handle: (call, services) => change(call, services, parseSettingsChange(jsonBody(call))),
  },
  {
    method: "DELETE",
    path: "/indexes/:index/settings",
    action: "settings.update",
    handle: (call, services) => reset(call, services, resetOfAllSettings()),
  },
  ...Object.entries(SETTING_ROUTES).flatMap(([segment, { name, method }]) => routesOf(segment, name, method)),
];

function routesOf(segment: string, name: keyof Settings, method: "PUT" | "PATCH"): Route[] {
  const path = `/indexes/:index/settings/${segment}`;
  return [
    {
      method: "GET",
      path,
      action: "settings.get",
      handle: ({ parameter }, { store }) => ok(store.getIndex(parameter("index")).settings[name]),
    },
    {
      method,
      path,
      action: "settings.update",
      handle: (call, services) =>
        change(call, services, parseSettingsChange({ [name]: parseJson(call.body.toString()) })),
    },
    {
      method: "DELETE",
      path,
      action: "settings.update",
      handle: (call, services) => reset(call, services, { [name]: null }),
    },
  ];
}

function change({ parameter }: Call, services: Services, settings: SettingsChange): Reply {
  const payload = { change: settings, createsIndex: true };
  return accepted(
    { type: "settingsUpdate", indexUid: parameter("index"), details: settings, payload },
    services,
  );
}

function reset({ parameter }: Call, services: Services, settings: SettingsChange): Reply {
  const payload = { change: settings, createsIndex: false };
  return accepted(
    { type: "settingsUpdate", indexUid: parameter("index"), details: settings, payload },
    services,
  );
}
