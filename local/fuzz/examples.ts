import { z } from "zod";

type Json = Readonly<Record<string, unknown>>;
const Json = z.record(z.string(), z.unknown());

/** Things that are there, by what the description calls them. */
export type Known = {
  /** Values of a parameter below a path, the first that fits. */
  readonly parameters: readonly { readonly below: string; readonly name: string; readonly value: string }[];
  /** Values of members of bodies, wherever they occur. */
  readonly members: Readonly<Record<string, string>>;
};

/**
 * The description with things that are there as its examples: without them nearly every request asks for what does not
 * exist, and gets no further than "not found".
 */
export function withExamples(description: unknown, known: Known): Json {
  const document = Json.parse(description);
  const paths = Object.entries(Json.parse(document["paths"])).map(([path, operations]) => [
    path,
    Object.fromEntries(
      Object.entries(Json.parse(operations)).map(([method, operation]) => [
        method,
        withParameters(Json.parse(withMembers(operation, known.members)), path, known),
      ]),
    ),
  ]);
  return {
    ...document,
    paths: Object.fromEntries(paths),
    components: withMembers(document["components"], known.members),
  };
}

const Parameters = z.array(Json).default([]);

function withParameters(operation: Json, path: string, known: Known): Json {
  const parameters = Parameters.parse(operation["parameters"]).map((parameter) => {
    const fitting = known.parameters.find(
      ({ below, name }) => path.startsWith(below) && name === parameter["name"],
    );
    return fitting === undefined ? parameter : { ...parameter, example: fitting.value };
  });
  return { ...operation, parameters };
}

function withMembers(value: unknown, members: Known["members"]): unknown {
  if (Array.isArray(value)) return value.map((each) => withMembers(each, members));
  const object = Json.safeParse(value);
  if (!object.success) return value;
  return Object.fromEntries(
    Object.entries(object.data).map(([name, inner]) => [
      name,
      name === "properties" ? withValues(Json.parse(inner), members) : withMembers(inner, members),
    ]),
  );
}

function withValues(properties: Json, members: Known["members"]): Json {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => {
      const described = Json.parse(withMembers(schema, members));
      const value = members[name];
      return [
        name,
        value === undefined || described["type"] !== "string" ? described : { ...described, example: value },
      ];
    }),
  );
}
