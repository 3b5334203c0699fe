export const daySeconds = 24 * 60 * 60;

export const keyLimits = {
  nameCharactersMax: 80,
  overlapSecondsMax: 7 * daySeconds,
} as const;
