import { createHash } from "node:crypto";
import { z } from "zod";

/** Somebody with an account at the local providers. */
export type Person = { subject: string; name: string; email: string; emailVerified: boolean };

export type People = {
  list: () => Person[];
  find: (subject: string) => Person | undefined;
  /** The person of a login form: one of the list, or a new one as it was filled in. */
  fromForm: (form: URLSearchParams) => Person | undefined;
};

const PEOPLE_MAX = 10_000;

const DEMO_PEOPLE: readonly Person[] = [
  { subject: "ada", name: "Ada Lovelace", email: "ada@people.example", emailVerified: true },
  { subject: "grace", name: "Grace Hopper", email: "grace@people.example", emailVerified: true },
  { subject: "eve", name: "Eve, unverified", email: "customer@tradewind.example", emailVerified: false },
];

const NewPerson = z.object({
  subject: z.string().min(1).max(200),
  name: z.string().max(200).default(""),
  email: z.email(),
  email_verified: z.enum(["true", "on"]).optional(),
});

/** The demo people, and for as long as this process lives whoever was filled in. */
export function gatherPeople(): People {
  const people = new Map(DEMO_PEOPLE.map((person) => [person.subject, person]));
  return {
    list: () => [...DEMO_PEOPLE],
    find: (subject) => people.get(subject),
    fromForm: (form) => {
      const known = people.get(form.get("person") ?? "");
      if (known !== undefined) return known;
      const typed = Object.fromEntries(form);
      const parsed = NewPerson.safeParse({ ...typed, subject: typed["subject"] ?? typed["email"] });
      if (!parsed.success || people.size >= PEOPLE_MAX) return undefined;
      const { subject, name, email, email_verified: verified } = parsed.data;
      const person = { subject, name: name || email, email, emailVerified: verified !== undefined };
      people.set(subject, person);
      return person;
    },
  };
}

/** A person's number, as GitHub counts its users. */
export function numberOf({ subject }: Person): number {
  return Number.parseInt(createHash("sha256").update(subject).digest("hex").slice(0, 10), 16);
}
