/** Limits of what a customer keeps with us; they are named in the API's description. */
export const customerLimits = { addressesMax: 50 } as const;
