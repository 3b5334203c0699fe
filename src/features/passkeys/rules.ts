export const passkeyLimits = {
  passkeysPerUserMax: 20,
  nameCharactersMax: 100,
  /** How long a challenge may wait for its answer. */
  challengeSeconds: 5 * 60,
} as const;
