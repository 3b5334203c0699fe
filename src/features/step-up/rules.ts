/** Failed proofs of an account's owner within a window, whatever was tried. */
export const stepUpLimit = { name: "step-up-user", requestsMax: 10, windowSeconds: 15 * 60 } as const;
