/**
 * Everything that the shop's own people and programs can be allowed to do: stable names, never renamed, and what each
 * lets its holder do. Roles and API keys are sets of these; which route asks for which is the table of the routes.
 */
export const permissions = {
  "catalogue:read": "See products of any status, and the reports of imports",
  "catalogue:write": "Make, change, archive and import products",
  "reviews:moderate": "See reviews of any status, and approve or reject them",
  "inventory:read": "See movements of stock and alerts",
  "inventory:adjust": "Receive, lose, recount and reconcile stock; set when it is low",
  "search:rebuild": "Rebuild the search index, and see how far that has come",
  "search:read": "See synonyms, what buyers searched for in vain, and how true the search index is",
  "search:write": "Keep the synonyms of search",
  "orders:read": "See everybody's orders",
  "orders:fulfil": "Pack, ship and deliver orders",
  "orders:return": "Decide on returns, and receive what comes back",
  "orders:cancel": "Cancel everybody's orders while they are not paid",
  "payments:read":
    "See refunds, disputes, payments that contradict their orders, and what differs from the providers' own records",
  "payments:refund": "Give money of paid orders back, and decide on payments that contradict their orders",
  "payments:confirm": "Confirm that the money of a manual payment has arrived",
  "payments:reconcile": "Have payments compared with the providers' own records, and close differences",
  "customers:read": "Find customers, and see their addresses and how they sign in; each look is written down",
  "customers:write":
    "Sign customers out, mail them a password reset, take lost second factors from them, disable and erase them",
  "dead_letters:read": "See what keeps failing and waits for a person",
  "dead_letters:replay": "Send it on its way again",
  "operations:read": "Read the numbers that operators watch",
  "audit:read": "See who of the staff did what",
  "staff:read": "See who belongs to the staff, and the roles that there are",
  "staff:manage": "Appoint and dismiss staff, and define roles; nobody gives what they do not have",
  "api_keys:read": "See which API keys there are, and when they were last used",
  "api_keys:manage": "Make, rotate and revoke API keys; nobody gives what they do not have",
} as const satisfies Record<`${string}:${string}`, string>;

export type Permission = keyof typeof permissions;

const isPermission = (name: string): name is Permission => Object.hasOwn(permissions, name);

/** Those that the vocabulary knows; a name that it has dropped gives nothing. */
export function knownPermissions(names: readonly string[]): ReadonlySet<Permission> {
  return new Set(names.filter(isPermission));
}

/** What an admin may do. */
export const allPermissions = knownPermissions(Object.keys(permissions));

/** Wherever power itself is handed out: asks for a recent proof of the owner, and no API key has it. */
export const powerOverPower: ReadonlySet<Permission> = knownPermissions(["staff:manage", "api_keys:manage"]);

/**
 * Power over power, money and people. Whoever holds any of these has to sign in with more than a password, or may do
 * nothing as staff.
 */
export const dangerousPermissions: ReadonlySet<Permission> = new Set([
  ...powerOverPower,
  ...knownPermissions([
    "payments:refund",
    "payments:confirm",
    "customers:read",
    "customers:write",
    "audit:read",
  ]),
]);

/** What it shows, people told about themselves: reads are written into the audit log, too. */
export const looksAtPeople: ReadonlySet<Permission> = knownPermissions(["customers:read"]);
