/** The account that this simulator is run for. */
export const PAYEE = { email_address: "shop@payee.example", merchant_id: "TRADEW2NDSH9P" };
