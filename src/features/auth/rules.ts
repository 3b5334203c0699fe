/** Limits of accounts and sessions; they are named in the API's description. */
export const authLimits = {
  nameCharactersMax: 200,
  localeCharactersMax: 35,
  passwordCharactersMin: 8,
  passwordCharactersMax: 256,
  /** Signed-in devices of one account; the one unused for longest is signed out by the next login. */
  sessionsPerUserMax: 20,
  /** Days without a refresh after which a session ends. */
  sessionIdleDays: 30,
  /** Days after which a session ends however often it was refreshed. */
  sessionDaysMax: 180,
  /** Seconds in which a refresh token that was just rotated still gives its successor: tabs refresh together. */
  rotationGraceSeconds: 10,
} as const;

const attemptWindowSeconds = 15 * 60;

/**
 * Attempts at signing up within a window, and at signing in while wrong passwords cannot be delayed. Those that succeed do
 * not count against the e-mail.
 */
export const attemptLimits = {
  loginByEmail: { name: "login-email", requestsMax: 10, windowSeconds: attemptWindowSeconds },
  registerByEmail: { name: "register-email", requestsMax: 10, windowSeconds: attemptWindowSeconds },
  registerByAddress: { name: "register-address", requestsMax: 50, windowSeconds: attemptWindowSeconds },
} as const;

/** Tokens that travel by mail. A new mail makes the earlier ones of its kind worthless. */
export const mailTokenLimits = {
  lifeSeconds: { verify_email: 2 * 24 * 60 * 60, change_email: 60 * 60, reset_password: 30 * 60 },
  /** Days for which a dead token is remembered. */
  keptDays: 7,
  forgottenAtOnceMax: 1_000,
} as const;

/** How often an account's mails and passwords may be asked about. */
export const accountPaces = {
  forgotByEmail: { name: "password-forgot-email", requestsMax: 3, windowSeconds: attemptWindowSeconds },
  forgotByAddress: { name: "password-forgot-address", requestsMax: 30, windowSeconds: attemptWindowSeconds },
  verificationByUser: { name: "verification-mail", requestsMax: 5, windowSeconds: 60 * 60 },
  emailChangeByUser: { name: "email-change", requestsMax: 5, windowSeconds: 60 * 60 },
  mailTokenByAddress: { name: "mail-token-address", requestsMax: 60, windowSeconds: attemptWindowSeconds },
  /** Wrong current passwords of somebody who is signed in; right ones are taken back. */
  passwordByUser: { name: "current-password", requestsMax: 10, windowSeconds: attemptWindowSeconds },
} as const;

/**
 * Wrong passwords are delayed: beyond so many free ones each doubles the delay, which begins at a second. See
 * guess-guard.ts for what is counted.
 */
export const guessDelays = {
  pair: { freeFailures: 10, delaySecondsMax: 15 * 60, oneForgottenInSeconds: 10 * 60 },
  network: { freeFailures: 20, delaySecondsMax: 15 * 60, oneForgottenInSeconds: 60 },
  account: { freeFailures: 50, delaySecondsMax: 5 * 60, oneForgottenInSeconds: 60 },
  /** Attempts from a network that is new to the account, however hard the account is attacked from elsewhere. */
  strangersAttempts: 2,
  /** When nothing was tried for so long, all is forgotten. */
  forgottenAfterSeconds: 24 * 60 * 60,
  networkKnownForDays: 90,
  /** How long an attempt waits for the counters before it goes on without them. */
  deadlineMs: 1_500,
} as const;
