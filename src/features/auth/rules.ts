/** Limits of accounts and sessions; they are named in the API's description. */
export const authLimits = {
  emailCharactersMax: 254,
  nameCharactersMax: 200,
  passwordCharactersMin: 10,
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

/** Attempts at signing in or up within a window. Those that succeed do not count against the e-mail. */
export const attemptLimits = {
  loginByEmail: { name: "login-email", requestsMax: 10, windowSeconds: attemptWindowSeconds },
  loginByAddress: { name: "login-address", requestsMax: 100, windowSeconds: attemptWindowSeconds },
  registerByEmail: { name: "register-email", requestsMax: 10, windowSeconds: attemptWindowSeconds },
  registerByAddress: { name: "register-address", requestsMax: 50, windowSeconds: attemptWindowSeconds },
} as const;
